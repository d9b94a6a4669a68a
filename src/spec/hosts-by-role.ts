import type { ClusterSpec, HostSpec } from "./cluster-spec.ts";

type Roles = Pick<HostSpec, "roles">;
type Hosts = Pick<ClusterSpec, "hosts">;

/** Whether a host becomes a node. */
export function isNode({ roles }: Roles): boolean {
  return roles.includes("control-plane") || roles.includes("worker");
}

/** Hosts that are nodes, in the order of the cluster file. */
export function nodeHosts({ hosts }: Hosts): readonly HostSpec[] {
  return hosts.filter(isNode);
}

/** Hosts with role control-plane, in the order of the cluster file. */
export function controlPlaneHosts({ hosts }: Hosts): readonly HostSpec[] {
  return hosts.filter((host) => host.roles.includes("control-plane"));
}

/** Hosts that are workers and nothing else of Kubernetes, in the order of the cluster file. */
export function workerHosts({ hosts }: Hosts): readonly HostSpec[] {
  return hosts.filter((host) => host.roles.includes("worker") && !host.roles.includes("control-plane"));
}

/** True where the network plugin carries Services itself, in kube-proxy's place. */
export function replacesKubeProxy({ network }: Pick<ClusterSpec, "network">): boolean {
  return network.plugin.kind === "cilium" && network.plugin.kubeProxyReplacement;
}
