import { setTimeout as timer } from "node:timers/promises";

/** Time as the engine sees it: real, virtual in the twin, scripted in tests. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms`, or at once when the signal is aborted. Never rejects: the caller looks at its signal. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Longest delay a Node timer takes; longer ones would fire at once. https://nodejs.org/api/timers.html, 2026-11-21 */
const longestTimerMs = 2 ** 31 - 1;

/** The clock of this computer. */
export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    if (signal?.aborted) return;
    try {
      await timer(Math.min(ms, longestTimerMs), undefined, signal && { signal });
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};
