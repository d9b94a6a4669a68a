import { uptime } from "node:os";
import { setTimeout as timer } from "node:timers/promises";

/** Time as the engine sees it: real, virtual in the twin, scripted in tests. */
export interface Clock {
  /** By this computer's clock, which may be set forward or back at any time: for what is written down. */
  now(): Date;
  /**
   * Milliseconds since some moment, never fewer than before, the sleep of the computer included: for waits, deadlines
   * and durations.
   */
  elapsedMs(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. Never rejects: the caller looks at its signal. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Longest delay a Node timer takes; longer ones would fire at once. https://nodejs.org/api/timers.html, 2026-11-21 */
const longestTimerMs = 2 ** 31 - 1;

/** Less than this is the grain of the uptime. */
const sleptMs = 1_000;

/**
 * Counts on through the sleep of a computer. The monotonic clock of Node stands still meanwhile, the uptime does not, but
 * is coarse. https://man7.org/linux/man-pages/man2/clock_gettime.2.html (CLOCK_BOOTTIME), 2026-11-21
 */
export function elapsedClock(monotonicMs: () => number, uptimeMs: () => number): () => number {
  let asleepMs = 0;
  const awakeSinceMs = uptimeMs() - monotonicMs();
  return () => {
    const nowMs = monotonicMs();
    const behindMs = uptimeMs() - awakeSinceMs - (nowMs + asleepMs);
    if (behindMs > sleptMs) asleepMs += behindMs;
    return nowMs + asleepMs;
  };
}

/** The clock of this computer. */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: elapsedClock(
    () => performance.now(),
    () => uptime() * 1000,
  ),
  async sleep(ms, signal) {
    if (signal?.aborted) return;
    try {
      await timer(Math.min(ms, longestTimerMs), undefined, signal && { signal });
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};
