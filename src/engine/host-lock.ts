import type { Answer, HostName, HostSession } from "../hosts/port.ts";
import type { Clock } from "./clock.ts";
import { type LockOwner, type LockRecord, parseLockRecord } from "./lock-record.ts";

/**
 * How long a lock without an owner is left alone: its maker is about to write one, or was killed in between. The same
 * for the mark of a takeover.
 */
const settleMs = 5_000;
/** Clocks are compared across two machines; this much is never called expired. */
const skewMarginMs = 2_000;

export interface HostLockOptions {
  readonly path: string;
  readonly cluster: string;
  readonly run: string;
  readonly owner: LockOwner;
  readonly ttlMs: number;
  /** True when it is certain that the owner no longer runs. */
  isGone(owner: LockOwner): boolean;
  readonly clock: Clock;
}

export type Acquired =
  | { readonly state: "held" }
  | { readonly state: "taken-over"; readonly from: string }
  /** Why, as a statement. */
  | { readonly state: "refused"; readonly because: string };

/**
 * The lock on one host: a directory, because making one is atomic, with the owner in a file in it. Made only of the
 * changes every host understands.
 *
 *     absent ──mkdir──▶ no owner yet ──write──▶ held ──(expired, or owner gone)──▶ mkdir "takeover" ──▶ held by another
 *
 * Only one can make the "takeover" directory, and whoever did looks again before it writes itself in.
 */
export class HostLock {
  readonly host: HostName;
  readonly #session: HostSession;
  readonly #options: HostLockOptions;
  #since: string | undefined;

  constructor(session: HostSession, options: HostLockOptions) {
    this.host = session.host;
    this.#session = session;
    this.#options = options;
  }

  async acquire(): Promise<Acquired> {
    let from: string | undefined;
    /** What was seen last, when it was waited upon. */
    let waitedFor: number | undefined;
    for (let round = 0; round < 4; round += 1) {
      const seen = await this.#look();
      if (seen.state === "absent") {
        if (!(await this.#make(this.#options.path))) continue;
        await this.#write();
        // Had the write taken long, the lock would have looked ownerless: see whose it is before relying on it.
        if (await this.isOurs()) return from === undefined ? { state: "held" } : { state: "taken-over", from };
        continue;
      }
      if (seen.record?.run === this.#options.run) return { state: "held" };
      if (seen.isForeign) return { state: "refused", because: this.#foreignText() };
      const unsettledMs = settleMs - (seen.hostNow - seen.changedAt);
      // Of a time to come when the host's clock was set back since: then what counts is how long we saw no change.
      const isSettled = unsettledMs <= 0 || (unsettledMs > settleMs && waitedFor === seen.changedAt);
      if ((seen.record === undefined || seen.hasMark) && !isSettled) {
        waitedFor = seen.changedAt;
        await this.#options.clock.sleep(Math.min(unsettledMs, settleMs));
        continue;
      }
      const stale = this.#staleness(seen.record, seen.hostNow);
      if (stale === undefined) return { state: "refused", because: this.#heldText(seen.record) };
      from = stale;
      if (seen.hasMark) await this.#remove(this.#mark);
      if (await this.#takeOver(seen.record)) return { state: "taken-over", from: stale };
    }
    return { state: "refused", because: this.#heldText((await this.#look()).record) };
  }

  /** Removes a lock whose holder is gone for certain. One round trip when there is none. */
  async clearDead(): Promise<void> {
    const [there] = await this.#session.read([{ kind: "stat", path: this.#options.path }]);
    if (there?.kind === "missing") return;
    const seen = await this.#look();
    const mayLive = seen.record !== undefined && !this.#options.isGone(seen.record.owner);
    if (seen.state === "absent" || seen.isForeign || mayLive) return;
    if ((await this.acquire()).state !== "refused") await this.release();
  }

  /** False when the lock is somebody else's by now. */
  async renew(): Promise<boolean> {
    if (!(await this.isOurs())) return false;
    await this.#write();
    return true;
  }

  async isOurs(): Promise<boolean> {
    return (await this.#look()).record?.run === this.#options.run;
  }

  async release(): Promise<void> {
    if (await this.isOurs()) await this.#remove(this.#options.path);
  }

  async #look(): Promise<Seen> {
    const { path, clock } = this.#options;
    const [directory, owner, mark] = await this.#session.read([
      { kind: "stat", path },
      { kind: "content", path: this.#ownerFile },
      { kind: "stat", path: this.#mark },
    ]);
    const offset = await this.#session.clockOffset();
    const record = owner?.kind === "content" ? parseLockRecord(owner.bytes.toString("utf8")) : undefined;
    return {
      state: directory?.kind === "stat" ? "present" : "absent",
      record,
      isForeign: record === undefined && owner !== undefined && owner.kind !== "missing",
      hasMark: mark?.kind === "stat",
      changedAt: Math.max(modifiedAt(directory), modifiedAt(mark)),
      hostNow: clock.now().getTime() + offset.seconds * 1000,
    };
  }

  #staleness(record: LockRecord | undefined, hostNow: number): string | undefined {
    if (record === undefined) return "a run that was cut off while it took the lock";
    if (this.#options.isGone(record.owner)) return `run ${record.run} of ${record.owner.name}, whose process has ended`;
    if (Date.parse(record.until) + skewMarginMs < hostNow)
      return `run ${record.run} of ${record.owner.name}, which has not renewed it since ${record.until}`;
    return undefined;
  }

  #heldText(by: LockRecord | undefined): string {
    if (by === undefined) return `another run is taking the lock on ${this.host} at this moment`;
    const holder = `${by.owner.name} (pid ${by.owner.pid}) has held it for run ${by.run} since ${by.since}`;
    return `${holder}; on ${this.host} it lasts until ${by.until}`;
  }

  #foreignText(): string {
    return `${this.#options.path} on ${this.host} was not written by this version of Slipway, so it does not say until when`;
  }

  async #takeOver(seen: LockRecord | undefined): Promise<boolean> {
    if (!(await this.#make(this.#mark))) return false;
    const again = await this.#look();
    const isSame = again.state === "present" && again.record?.run === seen?.run && again.record?.until === seen?.until;
    if (isSame) await this.#write();
    await this.#remove(this.#mark);
    return isSame && (await this.isOurs());
  }

  /** One that makes the directory is told so, everybody else that it is there. */
  async #make(path: string): Promise<boolean> {
    const change = { kind: "run", argv: ["mkdir", "--", path], okExitCodes: [0, 1] } as const;
    if ((await this.#session.change(change)).exitCode === 0) return true;
    const [there] = await this.#session.read([{ kind: "stat", path }]);
    if (there?.kind === "stat") return false;
    await this.#session.change({ kind: "run", argv: ["mkdir", "-p", "--", parentOf(path)] });
    return (await this.#session.change(change)).exitCode === 0;
  }

  async #write(): Promise<void> {
    const { cluster, run, owner, ttlMs, clock } = this.#options;
    const offset = await this.#session.clockOffset();
    const hostNow = clock.now().getTime() + offset.seconds * 1000;
    this.#since ??= new Date(hostNow).toISOString();
    const until = new Date(hostNow + ttlMs).toISOString();
    const record: LockRecord = { format: "slipway.dev/lock/v1", cluster, run, owner, since: this.#since, until };
    await this.#session.change({
      kind: "write",
      path: this.#ownerFile,
      content: `${JSON.stringify(record)}\n`,
      mode: 0o644,
    });
  }

  async #remove(path: string): Promise<void> {
    await this.#session.change({ kind: "remove", path, recursive: true });
  }

  get #ownerFile(): string {
    return `${this.#options.path}/owner.json`;
  }

  get #mark(): string {
    return `${this.#options.path}/takeover`;
  }
}

interface Seen {
  readonly state: "present" | "absent";
  readonly record: LockRecord | undefined;
  /** There is an owner, and we cannot tell who: it is written whole or not at all, so another version wrote it. */
  readonly isForeign: boolean;
  readonly hasMark: boolean;
  /** Milliseconds since the epoch by the host's clock. */
  readonly changedAt: number;
  readonly hostNow: number;
}

function modifiedAt(answer: Answer | undefined): number {
  return answer?.kind === "stat" ? answer.modifiedAt * 1000 : 0;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
