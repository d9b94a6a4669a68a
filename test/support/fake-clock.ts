import { setImmediate as macrotask } from "node:timers/promises";
import type { Clock } from "../../src/engine/clock.ts";

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Turns of the event loop without news after which everybody must be asleep. */
const idleTurns = 12;

/**
 * Virtual time. When everything waits, the clock jumps to the earliest sleeper: an hour costs nothing, and nothing
 * depends on how fast the machine is. `isBusy` keeps it from jumping while fake hosts are about to answer.
 */
export class FakeClock implements Clock {
  readonly #isBusy: () => boolean;
  readonly #sleepers = new Set<Sleeper>();
  #now: number;
  #setMs = 0;
  #news = 0;
  #isWatching = false;
  #isStopped = false;

  constructor(isBusy: () => boolean = () => false, startAt = "2026-01-01T00:00:00.000Z") {
    this.#isBusy = isBusy;
    this.#now = Date.parse(startAt);
  }

  now(): Date {
    return new Date(this.#now + this.#setMs);
  }

  elapsedMs(): number {
    return this.#now;
  }

  /** By clocks that nobody sets, as those of the hosts. */
  trueTime(): Date {
    return new Date(this.#now);
  }

  /** How far it was set forward in all. */
  get setMs(): number {
    return this.#setMs;
  }

  /** Sets the clock forward, or with a negative number back: no time passes. */
  set(ms: number): void {
    this.#setMs += ms;
  }

  /** Moves time without waking anybody who is not due. */
  advance(ms: number): void {
    this.#now += ms;
    this.#wakeDue();
  }

  /** Time stands still from now on; for runs that are left hanging on purpose. */
  stop(): void {
    this.#isStopped = true;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        until: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener("abort", sleeper.wake);
          this.#news += 1;
          resolve();
        },
      };
      signal?.addEventListener("abort", sleeper.wake, { once: true });
      this.#sleepers.add(sleeper);
      this.#news += 1;
      if (!this.#isWatching) void this.#watch();
    });
  }

  async #watch(): Promise<void> {
    this.#isWatching = true;
    let quiet = 0;
    let seen = this.#news;
    while (this.#sleepers.size > 0 && !this.#isStopped) {
      await macrotask();
      quiet = this.#isBusy() || seen !== this.#news ? 0 : quiet + 1;
      seen = this.#news;
      if (quiet < idleTurns) continue;
      this.#now = Math.max(this.#now, Math.min(...[...this.#sleepers].map((one) => one.until)));
      this.#wakeDue();
    }
    this.#isWatching = false;
  }

  #wakeDue(): void {
    for (const sleeper of [...this.#sleepers]) if (sleeper.until <= this.#now) sleeper.wake();
  }
}
