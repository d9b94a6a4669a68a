import type { Change } from "../../engine/step.ts";

/** The change of a step that has nothing to do but to wait for `what`, and why that is not there yet. */
export function waitFor(what: string, because: string): Change {
  return { verb: "run", what: `wait for ${what}`, because };
}
