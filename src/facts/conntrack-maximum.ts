import type { Fact } from "./fact.ts";
import { pathStat } from "./path-stat.ts";

const path = "/proc/sys/net/netfilter/nf_conntrack_max";

/**
 * Whether the host may set how many connections its kernel tracks. "read-only" in a network namespace that is not the
 * computer's first, as in a container: the kernel leaves out the owner's write bit there. "absent": the module is not
 * loaded yet, and will be settable.
 */
export const conntrackMaximum: Fact<"settable" | "read-only" | "absent"> = {
  name: "conntrack-maximum",
  reads: [{ kind: "stat", path }],
  parse([answer]) {
    const stat = pathStat(path, answer);
    if (!stat.exists) return "absent";
    return (stat.mode & 0o200) === 0 ? "read-only" : "settable";
  },
};
