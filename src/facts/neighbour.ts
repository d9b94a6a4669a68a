import type { Fact } from "./fact.ts";
import { isCommandMissing, jsonOf, notUnderstood } from "./not-understood.ts";

/** Who answered for an address on a link of the host. */
export interface Neighbour {
  readonly device: string;
  /** Link address, lower case. */
  readonly mac: string;
  /** It answered just now. Otherwise it is an entry from earlier, of a machine that may be gone. */
  readonly isConfirmed: boolean;
}

/**
 * Who on the host's own links has an address, by the kernel's neighbour table: filled by the last attempt to talk to
 * it, so probe it first. Undefined when nobody answered.
 */
export function neighbour(address: string): Fact<Neighbour | undefined> {
  const argv = ["ip", "-j", "neigh", "show", "to", address];
  return {
    name: `neighbour ${address}`,
    reads: [{ kind: "run", argv }],
    parse: ([answer]) => {
      if (isCommandMissing(answer)) return undefined;
      const rows = jsonOf("neighbour", argv.join(" "), answer);
      if (!Array.isArray(rows)) throw notUnderstood("neighbour", argv.join(" "), answer, "it is not a list");
      const found = rows.find((row) => typeof row?.lladdr === "string" && !row.state?.includes("FAILED"));
      if (found === undefined) return undefined;
      const isConfirmed = found.state?.includes("REACHABLE") === true;
      return { device: String(found.dev), mac: String(found.lladdr).toLowerCase(), isConfirmed };
    },
  };
}
