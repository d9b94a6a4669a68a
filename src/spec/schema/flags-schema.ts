import { z } from "zod";
import { textOf } from "./value-kind.ts";
import { valueKinds } from "./value-kinds.ts";

/** `extraArgs` of a component of the control plane. */
export const flagsSchema = z
  .record(
    textOf(valueKinds.flagName),
    z.union([z.boolean(), z.int(), textOf(valueKinds.flagValue)]).describe("A whole number, true, false or text."),
  )
  .describe("Flags by name without dashes. Those that a field of this file sets are refused here.")
  .default({});
