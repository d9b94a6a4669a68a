import { ProblemError } from "../problems/problem.ts";
import { askAgain } from "./ask-again.ts";
import { changeResult } from "./change-outcome.ts";
import { changeCommand, type ShellChange, temporaryPathFor } from "./change-script.ts";
import { type ClockOffset, clockCommand, readClock } from "./clock-offset.ts";
import type { ConnectionPool, PoolMember } from "./connection-pool.ts";
import type { Answer, CommandResult, HostChange, HostName, HostSession, Read } from "./port.ts";
import { planReads } from "./read-batch.ts";
import { type RemoteShell, ShellLost } from "./remote-shell.ts";
import type { ShellCommand, ShellOutput } from "./shell-script.ts";
import { showChange } from "./show-change.ts";
import type { SshDialer } from "./ssh-dialer.ts";
import { lossProblem } from "./ssh-problem.ts";
import type { SshTarget } from "./ssh-target.ts";
import { uploadFile } from "./upload.ts";
import { requireArgv, requirePath } from "./usable-words.ts";

/** Connections opened and round trips made. */
export interface Usage {
  connections: number;
  roundTrips: number;
}

/** What a session shares with the others of its run. */
export interface SessionOptions {
  readonly dialer: SshDialer;
  readonly pool: ConnectionPool;
  /** Limit for the answer to a read that has none of its own. */
  readonly answerWithinMs: number;
  readonly onCommand: ((command: ObservedCommand) => void) | undefined;
  /** A host that stopped answering: its kept connection must not be used again. */
  abandon(host: HostName): Promise<void>;
  /** A host whose place another one takes: its kept connection is closed too. */
  release(host: HostName): Promise<void>;
}

/** A command that is about to be sent; `shown` has its secrets masked. */
export interface ObservedCommand {
  readonly host: HostName;
  readonly kind: "read" | "change";
  readonly shown: string;
}

type Job =
  | { readonly kind: "read"; readonly reads: readonly Read[]; readonly done: (answers: readonly Answer[]) => void }
  | { readonly kind: "change"; readonly change: ShellChange; readonly done: (result: CommandResult) => void }
  | { readonly kind: "clock"; readonly done: (offset: ClockOffset) => void };
type Queued = Job & { readonly fail: (error: unknown) => void; readonly isWanted: () => boolean };

/**
 * One host. At most one request is on its way at a time; reads that are asked for meanwhile, or in the same turn of the
 * event loop, become the next one together. Changes are sent one by one, in the order they were asked for; only an
 * upload has a stream of its own beside them.
 */
export class SshSession implements HostSession, PoolMember {
  readonly host: HostName;
  readonly usage: Usage = { connections: 0, roundTrips: 0 };
  readonly #target: SshTarget;
  readonly #options: SessionOptions;
  readonly #queue: Queued[] = [];
  #shell: RemoteShell | undefined;
  #pumping = false;
  #closed = false;
  readonly #closing = new AbortController();

  constructor(host: HostName, target: SshTarget, options: SessionOptions) {
    this.host = host;
    this.#target = target;
    this.#options = options;
  }

  async read(reads: readonly Read[], signal?: AbortSignal): Promise<readonly Answer[]> {
    for (const read of reads) {
      if (read.kind === "run") requireArgv(this.host, [...read.argv, ...(read.operands ?? [])]);
      else requirePath(this.host, read.path);
    }
    if (reads.length === 0) return [];
    return await this.#ask(signal, (done) => ({ kind: "read", reads, done }));
  }

  async change(change: HostChange, signal?: AbortSignal): Promise<CommandResult> {
    if (change.kind === "run") requireArgv(this.host, change.argv);
    else requirePath(this.host, change.path);
    if (change.kind === "upload") {
      this.#observe("change", showChange(change));
      return await uploadFile({ session: this, stream: (script) => this.#stream(script) }, change, signal);
    }
    return await this.#ask(signal, (done) => ({ kind: "change", change, done }));
  }

  /** Measured anew each time; those who ask in the same turn share one measurement. */
  async clockOffset(): Promise<ClockOffset> {
    return await this.#ask(undefined, (done) => ({ kind: "clock", done }));
  }

  /** Lets go of the connection; the next request makes a new one. */
  async closeIdle(): Promise<void> {
    const shell = this.#shell;
    this.#shell = undefined;
    await shell?.close();
    await this.#options.release(this.host);
  }

  /** Fails what is queued, and ends the shell without waiting for what runs on the host. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.abort();
    await this.#shell?.close();
  }

  #ask<T>(signal: AbortSignal | undefined, job: (done: (value: T) => void) => Job): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#requireOpen();
      signal?.throwIfAborted();
      const onAbort = () => {
        // What was not sent never is; what was sent runs on, and the next request waits for it.
        const index = this.#queue.indexOf(queued);
        if (index >= 0) this.#queue.splice(index, 1);
        reject(signal?.reason);
      };
      const settle = () => signal?.removeEventListener("abort", onAbort);
      const queued: Queued = {
        ...job((value) => {
          settle();
          resolve(value);
        }),
        fail: (error) => {
          settle();
          reject(error);
        },
        isWanted: () => signal?.aborted !== true,
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(queued);
      if (!this.#pumping) {
        this.#pumping = true;
        setImmediate(() => void this.#pump());
      }
    });
  }

  async #pump(): Promise<void> {
    for (;;) {
      const [head] = this.#queue;
      if (head === undefined) break;
      const batch =
        head.kind === "change" ? this.#queue.splice(0, 1) : this.#queue.splice(0, countUntilChange(this.#queue));
      try {
        await this.#options.pool.claim(this);
        this.#requireOpen();
        if (head.kind === "change") await this.#change(head);
        else await this.#read(batch.filter((job) => job.isWanted()));
      } catch (error) {
        for (const job of batch) job.fail(error);
      }
    }
    this.#pumping = false;
    if (this.#shell?.open) this.#options.pool.idle(this);
    else this.#options.pool.gone(this);
  }

  async #change(job: Extract<Queued, { kind: "change" }>): Promise<void> {
    const { change } = job;
    const path = change.kind === "write" ? temporaryPathFor(change.path) : "";
    const command = changeCommand(change, path, this.#options.answerWithinMs);
    // Never sent along with the set-up, and never twice: nobody could say how often it was carried out.
    await this.#twice(() => this.#prepareForChanges());
    if (!job.isWanted()) return;
    this.#observe("change", showChange(change));
    try {
      const [output] = await this.#send([command]);
      if (output !== undefined) job.done(changeResult(this.host, change, output));
    } catch (error) {
      throw await this.#explain(error, true);
    }
  }

  async #read(batch: readonly Queued[]): Promise<void> {
    const reads = batch.flatMap((job) => (job.kind === "read" ? job.reads : []));
    const clocks = batch.flatMap((job) => (job.kind === "clock" ? [job] : []));
    if (batch.length === 0) return;
    const plan = planReads(this.host, reads, this.#options.answerWithinMs);
    for (const command of plan.commands) this.#observe("read", command.shown);
    if (clocks.length > 0) {
      // Before the rest and not with the set-up: the time there and back is what the measurement can be wrong by.
      const offset = await this.#twice(() => this.#measureClock());
      for (const job of clocks) job.done(offset);
    }
    if (reads.length === 0) return;
    const first = plan.answers(await this.#askFor(plan.commands));
    const again = async (open: readonly Read[]) => {
      const { commands, answers } = planReads(this.host, open, this.#options.answerWithinMs);
      return answers(await this.#askFor(commands));
    };
    const answers = await askAgain(reads, first, again, this.#closing.signal);
    let offset = 0;
    for (const job of batch) {
      if (job.kind !== "read") continue;
      job.done(answers.slice(offset, offset + job.reads.length));
      offset += job.reads.length;
    }
  }

  async #askFor(commands: readonly ShellCommand[]): Promise<readonly ShellOutput[]> {
    return await this.#twice(async () =>
      this.#shell?.open ? await this.#send(commands) : await this.#connect(commands),
    );
  }

  /** Reads are repeated once when the connection broke; a host that does not answer is not asked again. */
  async #twice<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ShellLost) || error.how !== "ended") throw await this.#explain(error, false);
    }
    this.#shell = undefined;
    try {
      return await ask();
    } catch (error) {
      throw await this.#explain(error, false);
    }
  }

  async #explain(error: unknown, change: boolean): Promise<unknown> {
    if (!(error instanceof ShellLost)) return error;
    this.#shell = undefined;
    if (error.how === "no-answer") await this.#options.abandon(this.host);
    return new ProblemError(lossProblem(this.host, error, change));
  }

  async #connect(first: readonly ShellCommand[]): Promise<readonly ShellOutput[]> {
    this.#shell = undefined;
    this.#requireOpen();
    this.usage.roundTrips += 1;
    const { shell, outputs } = await this.#options.dialer.dial(
      this.host,
      this.#target,
      first,
      this.#closing.signal,
      () => {
        this.usage.connections += 1;
      },
    );
    this.#shell = shell;
    return outputs;
  }

  async #prepareForChanges(): Promise<void> {
    if (!this.#shell?.open) await this.#connect([]);
    if (this.#shell === undefined || this.#shell.outlives) return;
    this.usage.roundTrips += 2;
    await this.#shell.outlive(this.#options.answerWithinMs);
  }

  async #send(commands: readonly ShellCommand[]): Promise<readonly ShellOutput[]> {
    if (this.#shell === undefined) throw new Error("no shell is open");
    if (commands.length > 0) this.usage.roundTrips += 1;
    return await this.#shell.run(commands);
  }

  async #stream(script: string) {
    this.usage.roundTrips += 1;
    return await this.#options.dialer.stream(this.host, this.#target, script);
  }

  async #measureClock(): Promise<ClockOffset> {
    if (!this.#shell?.open) await this.#connect([]);
    const sentAtMs = Date.now();
    const startedAt = performance.now();
    const [output] = await this.#send([clockCommand(this.#options.answerWithinMs)]);
    return readClock(this.host, output, sentAtMs, performance.now() - startedAt);
  }

  #requireOpen(): void {
    if (!this.#closed) return;
    throw new ProblemError({
      code: "ssh/connection-closed",
      severity: "error",
      message: `${this.host}: the connection is closed`,
      because: "this run of Slipway has ended its connections",
      where: { host: this.host },
    });
  }

  #observe(kind: ObservedCommand["kind"], shown: string): void {
    this.#options.onCommand?.({ host: this.host, kind, shown });
  }
}

function countUntilChange(queue: readonly Queued[]): number {
  const index = queue.findIndex((job) => job.kind === "change");
  return index < 0 ? queue.length : index;
}
