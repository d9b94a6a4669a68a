import { rolloutLanes } from "../../domain/rollout-lanes.ts";
import type { LockName } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import type { HostSpec } from "../../spec/cluster-spec.ts";

/** How a running containerd is changed: which host is the first, and which hosts are never changed at the same time. */
export interface ContainerdRollout {
  /** Changed and verified before any other; undefined when there are no hosts. */
  readonly first: HostName | undefined;
  /** Hosts with the same lock are changed one after the other. */
  lockOf(host: HostName): LockName;
}

/**
 * The first host is a worker where there is one: what a bad configuration breaks there, other workers can take over.
 * Hosts with a control plane or an etcd member follow one at a time, the other workers a tenth of them at a time.
 */
export function containerdRollout(hosts: readonly HostSpec[]): ContainerdRollout {
  const vital = hosts.filter((host) => host.roles.includes("control-plane") || host.roles.includes("etcd"));
  const isVital = new Set(vital.map((host) => host.name));
  const workers = hosts.filter((host) => !isVital.has(host.name));
  const lanes = rolloutLanes(workers.length);
  const laneOf = new Map(workers.map((host, index) => [host.name, lanes[index] ?? 0]));
  return {
    first: (workers[0] ?? hosts[0])?.name,
    lockOf(host) {
      const lane = laneOf.get(host);
      return `containerd-rollout-${lane === undefined ? "control-plane" : `workers-${lane + 1}`}` as LockName;
    },
  };
}
