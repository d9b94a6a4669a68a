/** Something that holds a connection and can let go of it. */
export interface PoolMember {
  /** Called only while idle. */
  closeIdle(): Promise<void>;
}

interface Held {
  state: "busy" | "idle" | "closing";
  idleSince: number;
  closed?: Promise<void>;
}

/** How long a connection must have been idle before another host may take its place: two commands in a row are nearer. */
const idleGraceMs = 50;

/**
 * Bounds the number of open connections. When all are taken, the one that has been idle longest is closed; when all
 * are busy, the next in line waits.
 */
export class ConnectionPool {
  readonly #limit: number;
  /** In the order of last use. */
  readonly #held = new Map<PoolMember, Held>();
  readonly #waiting: { readonly member: PoolMember; readonly admit: () => void }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(limit: number) {
    this.#limit = Math.max(1, limit);
  }

  /** Resolves when the member may have a connection, and counts it as busy until `idle` or `gone`. */
  async claim(member: PoolMember): Promise<void> {
    const held = this.#held.get(member);
    if (held?.state === "closing") {
      await held.closed;
      return this.claim(member);
    }
    if (held !== undefined || this.#held.size < this.#limit) {
      this.#hold(member, "busy");
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push({ member, admit: resolve });
      this.#makeRoom();
    });
  }

  /** The member keeps its connection, and can do without it. */
  idle(member: PoolMember): void {
    if (!this.#held.has(member)) return;
    this.#hold(member, "idle");
    this.#makeRoom();
  }

  /** The member has no connection any more. */
  gone(member: PoolMember): void {
    this.#held.delete(member);
    this.#admit();
  }

  #hold(member: PoolMember, state: "busy" | "idle"): void {
    this.#held.delete(member);
    this.#held.set(member, { state, idleSince: performance.now() });
  }

  #admit(): void {
    while (this.#waiting.length > 0 && this.#held.size < this.#limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#hold(next.member, "busy");
      next.admit();
    }
  }

  #makeRoom(): void {
    clearTimeout(this.#timer);
    let closing = [...this.#held.values()].filter((held) => held.state === "closing").length;
    for (const [member, held] of this.#held) {
      if (closing >= this.#waiting.length) return;
      if (held.state !== "idle") continue;
      const wait = held.idleSince + idleGraceMs - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#makeRoom(), wait + 1);
        return;
      }
      held.state = "closing";
      closing += 1;
      held.closed = member.closeIdle().finally(() => this.gone(member));
    }
  }
}
