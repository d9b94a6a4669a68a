import type { EventConsumer, LineOutput } from "./event-consumer.ts";
import { jsonText } from "./json-text.ts";

/** Each event as one line of JSON, for machines. */
export function jsonLines(out: LineOutput): EventConsumer {
  let closed = false;
  return {
    event(event) {
      if (!closed) out.write(`${jsonText(event)}\n`);
    },
    close() {
      closed = true;
    },
  };
}
