import type { RunEvent } from "../engine/events.ts";
import { countOf } from "./count-of.ts";

/** What a Ctrl-C has done to a run in which so many steps run, and what can be done next; one sentence each. */
export function interruptWords(how: Extract<RunEvent, { type: "run-interrupted" }>["how"], running: number): string {
  if (how === "finish-running") {
    const rest = running === 0 ? "" : `, ${countOf(running, "running step")} may finish`;
    return `Interrupted: nothing new is started${rest}. Interrupt again to leave at once.`;
  }
  if (running === 0) return "Leaving. Run the same command again to go on.";
  const cut = `${countOf(running, "running step")} ${running === 1 ? "is" : "are"} cut off`;
  return `Leaving: ${cut}, save a change of etcd's membership, which has a minute to end. Run the same command again to go on.`;
}
