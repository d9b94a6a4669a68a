import type { RunEvent } from "../engine/events.ts";

/** Somebody who reads the event stream of a run. `close` ends the view; events after it are ignored. */
export interface EventConsumer {
  event(event: RunEvent): void;
  close(): void;
}

/** Where lines go: process.stdout, a file, a test. */
export interface LineOutput {
  write(text: string): unknown;
}
