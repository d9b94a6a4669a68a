import type { HostName } from "../hosts/port.ts";
import { ProblemError } from "../problems/problem.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";

/** The hosts with these names (all, when none are given), in the order of the file. Throws `usage/no-such-host`. */
export function requireHosts(spec: ClusterSpec, names: readonly string[] | undefined): readonly HostName[] {
  const all = spec.hosts.map((host) => host.name);
  if (names === undefined) return all;
  const unknown = names.filter((name) => !all.some((host) => host === name));
  if (unknown.length > 0) {
    throw new ProblemError({
      code: "usage/no-such-host",
      severity: "error",
      message: `${unknown.join(", ")}: no such host in the cluster file`,
      because: `its hosts are ${all.slice(0, 20).join(", ")}${all.length > 20 ? `, and ${all.length - 20} more` : ""}`,
      hint: { text: "Use names of hosts as in the cluster file" },
    });
  }
  return all.filter((host) => names.includes(host));
}
