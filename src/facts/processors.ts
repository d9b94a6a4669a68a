import type { Fact } from "./fact.ts";
import { notUnderstood, outputOf } from "./not-understood.ts";

/** How many processors the host may use (cores as the scheduler counts them). */
export const processors: Fact<number> = {
  name: "processors",
  reads: [{ kind: "run", argv: ["nproc"] }],
  parse: ([answer]) => {
    const text = outputOf("processors", "nproc", answer).trim();
    if (!/^[1-9]\d*$/.test(text)) throw notUnderstood("processors", "nproc", answer, "it is not a number");
    return Number(text);
  },
};
