import type { PreflightCheck } from "./check.ts";
import { addresses } from "./checks/addresses.ts";
import { artifacts } from "./checks/artifacts.ts";
import { bundle } from "./checks/bundle.ts";
import { cgroups } from "./checks/cgroups.ts";
import { clockOffset } from "./checks/clock-offset.ts";
import { containerd } from "./checks/containerd.ts";
import { dns } from "./checks/dns.ts";
import { downgrades } from "./checks/downgrades.ts";
import { etcdDisk } from "./checks/etcd-disk.ts";
import { etcdFsync } from "./checks/etcd-fsync.ts";
import { etcdVersion } from "./checks/etcd-version.ts";
import { firewall } from "./checks/firewall.ts";
import { hostCount } from "./checks/host-count.ts";
import { hostCpu } from "./checks/host-cpu.ts";
import { hostDisk } from "./checks/host-disk.ts";
import { hostIdentity } from "./checks/host-identity.ts";
import { hostMemory } from "./checks/host-memory.ts";
import { hostReachability } from "./checks/host-reachability.ts";
import { kernelVersion } from "./checks/kernel-version.ts";
import { mtu } from "./checks/mtu.ts";
import { osSupported } from "./checks/os-supported.ts";
import { podNetworkOverlap } from "./checks/pod-network-overlap.ts";
import { portsFree } from "./checks/ports-free.ts";
import { securityModule } from "./checks/security-module.ts";
import { sudo } from "./checks/sudo.ts";
import { swap } from "./checks/swap.ts";
import { systemd } from "./checks/systemd.ts";
import { timeSync } from "./checks/time-sync.ts";
import { vipFree } from "./checks/vip-free.ts";

/** The checks that can be downgraded: from what all need, by way of the host, to what is between hosts. */
const downgradable: readonly PreflightCheck[] = [
  sudo,
  systemd,
  osSupported,
  kernelVersion,
  cgroups,
  containerd,
  securityModule,
  hostCount,
  hostCpu,
  hostMemory,
  hostDisk,
  swap,
  clockOffset,
  timeSync,
  addresses,
  hostIdentity,
  portsFree,
  firewall,
  podNetworkOverlap,
  vipFree,
  dns,
  hostReachability,
  mtu,
  artifacts,
  bundle,
  etcdVersion,
  etcdDisk,
  etcdFsync,
];

/** The names spec.preflight.downgrade may hold, as they are printed: "[etcd-fsync]". */
export const preflightNames: readonly string[] = downgradable.map((check) => check.name);

/** Every check there is, in the order they are reported. */
export const preflightChecks: readonly PreflightCheck[] = [downgrades(preflightNames), ...downgradable];
