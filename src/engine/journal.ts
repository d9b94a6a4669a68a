import type { RunEvent } from "./events.ts";

/** Where a run's events go to stay. Implemented by the state folder, and in memory by tests. */
export interface Journal {
  /** Takes one event; order is kept. Never throws: a failure shows in `synced`. */
  append(event: RunEvent): void;
  /**
   * Resolves when every event appended so far is on disk. Rejects with a ProblemError (`state/cannot-write`) when one
   * cannot be written, and from then on always.
   */
  synced(): Promise<void>;
}
