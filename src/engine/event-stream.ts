import type { RunEvent, RunEventBody } from "./events.ts";
import type { Journal } from "./journal.ts";
import { maskTexts } from "./mask-texts.ts";
import type { World } from "./world.ts";

/** Stamps events with run and time, masks secrets in them, and hands each to the journal first and then to the rest. */
export class EventStream {
  readonly #run: string;
  readonly #world: Pick<World, "clock" | "mask">;
  readonly #journal: Journal;
  readonly #listener: ((event: RunEvent) => void) | undefined;

  constructor(
    run: string,
    world: Pick<World, "clock" | "mask">,
    journal: Journal,
    listener?: (event: RunEvent) => void,
  ) {
    this.#run = run;
    this.#world = world;
    this.#journal = journal;
    this.#listener = listener;
  }

  emit(body: RunEventBody): void {
    const { clock, mask } = this.#world;
    const shown = mask === undefined ? body : maskTexts(body, mask);
    const event: RunEvent = { at: clock.now().toISOString(), run: this.#run, ...shown };
    this.#journal.append(event);
    this.#listener?.(event);
  }

  /** Resolves when all that was emitted is on disk; rejects with a ProblemError when it cannot be. */
  synced(): Promise<void> {
    return this.#journal.synced();
  }
}
