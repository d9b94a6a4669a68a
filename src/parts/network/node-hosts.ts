import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";

/** Hosts that are nodes of the cluster, in the order of the cluster file. */
export function nodeHosts(spec: ClusterSpec): readonly HostSpec[] {
  return spec.hosts.filter((host) => host.roles.includes("control-plane") || host.roles.includes("worker"));
}
