import { setTimeout as timer } from "node:timers/promises";

/** Time as the engine sees it: real, virtual in the twin, scripted in tests. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms`, or at once when the signal is aborted. Never rejects: the caller looks at its signal. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Longest delay a Node timer takes; longer ones would fire at once. https://nodejs.org/api/timers.html, 2026-11-21 */
const longestTimerMs = 2 ** 31 - 1;

/** Less than this is slewing, or the grain of the clock. */
const setBackMs = 1_000;

/**
 * The clock of a computer, but when it is set back, it goes on as if it had not been: waits keep their length, and nothing
 * ends before it began. When it is set forward, or the computer slept, it follows.
 */
export function steadyClock(wallMs: () => number, monotonicMs: () => number): Pick<Clock, "now"> {
  let lastMs = wallMs();
  let lastMonotonicMs = monotonicMs();
  let addedMs = 0;
  return {
    now() {
      const [nowMs, nowMonotonicMs] = [wallMs(), monotonicMs()];
      const behindMs = lastMs + (nowMonotonicMs - lastMonotonicMs) - nowMs;
      if (behindMs > setBackMs) addedMs += behindMs;
      lastMs = nowMs;
      lastMonotonicMs = nowMonotonicMs;
      return new Date(nowMs + addedMs);
    },
  };
}

/** The clock of this computer. */
export const systemClock: Clock = {
  ...steadyClock(
    () => Date.now(),
    () => performance.now(),
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
