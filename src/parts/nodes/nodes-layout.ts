import type { LockName, StepId } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts, nodeHosts, workerHosts } from "../../spec/hosts-by-role.ts";

/** What kubelet reads when it starts; kubeadm writes it. */
export const kubeletConfigPath = "/var/lib/kubelet/config.yaml";
/** Flags kubeadm gives kubelet. */
export const kubeletFlagsPath = "/var/lib/kubelet/kubeadm-flags.env";
/** Certificate and key kubelet serves with, once the cluster has signed one. */
export const kubeletServingPath = "/var/lib/kubelet/pki/kubelet-server-current.pem";
export const kubeletUnit = "kubelet.service";

/** Labels and taints of all nodes. */
export const nodesObjectsStepId = "nodes.objects" as StepId;
/**
 * Nodes whose serving certificates are approved together: workers have joined long before the last control plane has, and
 * what asks their kubelets for metrics need not wait for it.
 */
export type ServingGroup = "control-planes" | "workers";

/** The nodes of a group, in the order of the cluster file. */
export function servingGroup(spec: ClusterSpec, group: ServingGroup): readonly HostSpec[] {
  return group === "workers" ? workerHosts(spec) : controlPlaneHosts(spec);
}

/** Groups with nodes in them. */
export function servingGroups(spec: ClusterSpec): readonly ServingGroup[] {
  const all: readonly ServingGroup[] = ["control-planes", "workers"];
  return all.filter((group) => servingGroup(spec, group).length > 0);
}

/** Every kubelet of the group has asked for the certificate it serves with. */
export function servingRequestsStepId(group: ServingGroup): StepId {
  return `nodes.serving-requests/${group}` as StepId;
}

/** What kubelets of the group asked for is checked and approved. */
export function servingCertificatesStepId(group: ServingGroup): StepId {
  return `nodes.serving-certificates/${group}` as StepId;
}

/** "node.kubelet/w-1". */
export function kubeletStepId(host: HostName): StepId {
  return `node.kubelet/${host}` as StepId;
}

/** Of the kubelets of a pool, how many may restart at the same time: a tenth, and at least one. */
const shareAtOnce = 0.1;

/**
 * The lock a host's kubelet restarts under. Control planes take turns; of a pool's workers every tenth one shares a lock
 * with the others of its turn, so that as many as may are out at once and no more.
 */
export function kubeletLock(spec: ClusterSpec, host: HostSpec): LockName {
  if (host.roles.includes("control-plane")) return "kubelet-rollout/control-plane" as LockName;
  const pool = workersByPool(spec).get(host.pool) ?? new Map<HostName, number>();
  const atOnce = Math.max(1, Math.floor(pool.size * shareAtOnce));
  const turn = (pool.get(host.name) ?? 0) % atOnce;
  return `kubelet-rollout/${host.pool}/${turn + 1}` as LockName;
}

type Places = ReadonlyMap<string, Map<HostName, number>>;
const known = new WeakMap<ClusterSpec, Places>();

/** The place of every worker in its pool; found once for all hosts of a cluster. */
function workersByPool(spec: ClusterSpec): Places {
  const before = known.get(spec);
  if (before !== undefined) return before;
  const pools = new Map<string, Map<HostName, number>>();
  for (const { name, pool, roles } of nodeHosts(spec)) {
    if (roles.includes("control-plane")) continue;
    const places = pools.get(pool) ?? new Map<HostName, number>();
    pools.set(pool, places.set(name, places.size));
  }
  known.set(spec, pools);
  return pools;
}
