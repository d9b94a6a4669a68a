import type { HostName } from "../hosts/port.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import { suggest } from "../spec/suggest.ts";

/** The hosts with these names (all, when none are given), in the order of the file. Throws `usage/unknown-host`. */
export function requireHosts(spec: ClusterSpec, names: readonly string[] | undefined): readonly HostName[] {
  const all = spec.hosts.map((host) => host.name);
  if (names === undefined) return all;
  const unknown = names.filter((name) => !all.some((host) => host === name));
  const [first, ...rest] = unknown.map((name): Problem => {
    const meant = suggest(name, all);
    return {
      code: "usage/unknown-host",
      severity: "error",
      message: `${name}: there is no such host in the cluster file`,
      because: `the hosts are ${all.slice(0, 20).join(", ")}${all.length > 20 ? `, and ${all.length - 20} more` : ""}`,
      ...(meant !== undefined && { hint: { text: `perhaps ${meant}` } }),
    };
  });
  if (first !== undefined) throw new ProblemError([first, ...rest]);
  return all.filter((host) => names.includes(host));
}
