import type { Fact } from "./fact.ts";
import { notUnderstood, outputOf } from "./not-understood.ts";

/** The number of the user commands run as on a host: 0 when Slipway has the rights it needs. */
export const effectiveUser: Fact<number> = {
  name: "effective-user",
  reads: [{ kind: "run", argv: ["id", "-u"] }],
  parse: ([answer]) => {
    const text = outputOf("effective-user", "id -u", answer).trim();
    if (!/^\d+$/.test(text)) throw notUnderstood("effective-user", "id -u", answer, "it is not a number");
    return Number(text);
  },
};
