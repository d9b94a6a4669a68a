import { clusterJsonSchema } from "../spec/json-schema.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";

/** `slipway schema`: JSON also as text, since editors want nothing else. */
export function schema(options: GlobalOptions): void {
  printResult(clusterJsonSchema(), options.output === "yaml" ? "yaml" : "json", () => "");
}
