import type { Fact } from "./fact.ts";
import { isCommandMissing, outputOf } from "./not-understood.ts";

/** The addresses a host finds for a name, sorted; empty when it finds none. */
export function nameLookup(name: string): Fact<readonly string[]> {
  const argv = ["getent", "ahosts", name];
  return {
    name: `name-lookup ${name}`,
    reads: [{ kind: "run", argv, timeoutMs: 30_000 }],
    parse: ([answer]) => {
      if (isCommandMissing(answer)) return [];
      // 2: the name was not found.
      const lines = outputOf("name-lookup", argv.join(" "), answer, [0, 2]).split("\n");
      const addresses = lines.flatMap((line) => line.trim().split(/\s+/)[0] ?? []).filter((word) => word !== "");
      return [...new Set(addresses)].sort();
    },
  };
}
