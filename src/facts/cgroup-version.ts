import type { Fact } from "./fact.ts";
import { notUnderstood, outputOf } from "./not-understood.ts";

const argv = ["stat", "-f", "-c", "%T", "/sys/fs/cgroup"] as const;
const asked = argv.join(" ");

/**
 * Which control groups a host has mounted: 1 or 2. A hybrid mount (v1 controllers beside an empty v2) counts as 1,
 * because that is where the controllers are.
 *
 * The question is the documented one: https://kubernetes.io/docs/concepts/architecture/cgroups (2026-11).
 */
export const cgroupVersion: Fact<1 | 2> = {
  name: "cgroup-version",
  reads: [{ kind: "run", argv }],
  parse: ([answer]) => {
    const type = outputOf("cgroup-version", asked, answer).trim();
    if (type === "cgroup2fs") return 2;
    if (type === "tmpfs" || type === "cgroupfs") return 1;
    throw notUnderstood("cgroup-version", asked, answer, `"${type}" is neither cgroup2fs nor tmpfs`);
  },
};
