import type { Clock } from "./clock.ts";
import type { RunEvent, RunEventBody } from "./events.ts";
import type { Journal } from "./journal.ts";

/** Stamps events with run and time, and hands each to the journal first and then to everybody else. */
export class EventStream {
  readonly #run: string;
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #listener: ((event: RunEvent) => void) | undefined;

  constructor(run: string, clock: Clock, journal: Journal, listener?: (event: RunEvent) => void) {
    this.#run = run;
    this.#clock = clock;
    this.#journal = journal;
    this.#listener = listener;
  }

  emit(body: RunEventBody): void {
    const event: RunEvent = { at: this.#clock.now().toISOString(), run: this.#run, ...body };
    this.#journal.append(event);
    this.#listener?.(event);
  }

  /** Resolves when all that was emitted is on disk; rejects with a ProblemError when it cannot be. */
  synced(): Promise<void> {
    return this.#journal.synced();
  }
}
