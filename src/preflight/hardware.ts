import type { Role } from "../spec/cluster-spec.ts";

/** What a host needs for a role. Memory in GiB, disk in GB (10^9 bytes), as machines and disks are sold. */
export interface Hardware {
  readonly cores: number;
  readonly memoryGib: number;
  /** Absent where the role asks nothing of the disk's size. */
  readonly diskGb?: number;
}

/**
 * Minima and recommendations per role.
 *
 * Control plane, worker and load balancer: the hardware tables of the platform guide Slipway implements (the lower end
 * of its recommended ranges). etcd on hosts of its own: "two to four cores", "typically 8GB is enough", from
 * https://etcd.io/docs/v3.6/op-guide/hardware/ (2026-11); the minimum of 2 GiB is room for the default quota of a
 * database that is held in memory. Its disk is judged by the etcd-disk check.
 */
export const hardwareByRole: Readonly<Record<Role, { readonly minimum: Hardware; readonly recommended: Hardware }>> = {
  "control-plane": {
    minimum: { cores: 2, memoryGib: 4, diskGb: 100 },
    recommended: { cores: 4, memoryGib: 16, diskGb: 200 },
  },
  worker: {
    minimum: { cores: 4, memoryGib: 8, diskGb: 100 },
    recommended: { cores: 16, memoryGib: 64, diskGb: 200 },
  },
  "load-balancer": { minimum: { cores: 2, memoryGib: 4 }, recommended: { cores: 4, memoryGib: 8 } },
  etcd: { minimum: { cores: 2, memoryGib: 2 }, recommended: { cores: 4, memoryGib: 8 } },
};

/** How many hosts of a role make the cluster highly available (same tables). */
export const recommendedHosts: Readonly<Record<Role, number>> = {
  "control-plane": 3,
  worker: 3,
  "load-balancer": 2,
  etcd: 3,
};

/**
 * Share of the wanted size that may be missing. The kernel keeps a part of the memory and a file system a part of the
 * disk: a machine with 4 GiB shows 3.8, a disk of 100 GB holds 98.
 */
export const shareThatMayBeMissing = 0.1;

/** "control plane", "load balancer": a role as it is written in prose. */
export const roleInProse: Readonly<Record<Role, string>> = {
  "control-plane": "control plane",
  worker: "worker",
  "load-balancer": "load balancer",
  etcd: "etcd member",
};
