import type { HostSpec } from "../../spec/cluster-spec.ts";

/** A taint as the Node object has it. */
export interface NodeTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** What Slipway has to say of a Node object. */
export interface NodeDeclaration {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly NodeTaint[];
}

/** Well-known: https://kubernetes.io/docs/reference/labels-annotations-taints/ (2026-11-21) */
const controlPlaneRole = "node-role.kubernetes.io/control-plane";
const workerRole = "node-role.kubernetes.io/worker";
const notBehindLoadBalancers = "node.kubernetes.io/exclude-from-external-load-balancers";
const zoneLabel = "topology.kubernetes.io/zone";
const poolLabel = "slipway.dev/pool";

/** Labels and taints of a host's node, by the cluster file. Those of its pool are among the host's own already. */
export function nodeDeclaration(host: HostSpec): NodeDeclaration {
  const isControlPlane = host.roles.includes("control-plane");
  const isWorker = host.roles.includes("worker");
  const own = host.taints.map(({ key, value, effect }) => ({ key, ...(value === "" ? {} : { value }), effect }));
  return {
    labels: {
      ...(isControlPlane ? { [controlPlaneRole]: "" } : {}),
      ...(isControlPlane && !isWorker ? { [notBehindLoadBalancers]: "" } : {}),
      ...(isWorker ? { [workerRole]: "", [poolLabel]: host.pool } : {}),
      ...(host.zone === undefined ? {} : { [zoneLabel]: host.zone }),
      ...host.labels,
    },
    taints: isControlPlane && !isWorker ? [{ key: controlPlaneRole, effect: "NoSchedule" }, ...own] : own,
  };
}
