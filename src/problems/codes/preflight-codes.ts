import type { ProblemCode } from "../problem.ts";

/** Codes of preflight: one for each check, by its name. */
export const preflightCodes: Readonly<Record<ProblemCode, string>> = {
  "preflight/addresses": "A host does not have the address the cluster file gives it.",
  "preflight/artifacts":
    "A host reaches no source of packages, etcd releases or images that it needs. Open the way, or name a mirror.",
  "preflight/bundle": "The bundle cannot be read, or lacks a program or image some host needs. Make it anew.",
  "preflight/cgroups": "The host has cgroup v1. Boot it with the unified hierarchy.",
  "preflight/containerd":
    "The containerd of a host, or of its repositories, is older than the version of Kubernetes supports.",
  "preflight/clock-offset": "A host's clock is far from the others'. Let it follow a time server.",
  "preflight/dns": "A host has no name server that answers, or does not resolve the entry point's name.",
  "preflight/downgrades": "preflight.downgrade names a check that does not exist.",
  "preflight/etcd-disk":
    "etcd would share its disk, or the disk is small or rotates. Give it an SSD or NVMe disk of its own.",
  "preflight/etcd-fsync": "Synced writes on etcd's disk take longer than etcd wants (10 ms at the 99th percentile).",
  "preflight/etcd-version": "The etcd of the hosts' packages is too old for the version of Kubernetes.",
  "preflight/firewall": "A firewall on the host may drop what the cluster's hosts say to each other.",
  "preflight/host-count": "Fewer hosts of a role than high availability takes.",
  "preflight/host-cpu": "Fewer CPU cores than a role needs, or than is recommended.",
  "preflight/host-disk": "Less disk space than a role needs, or than is recommended.",
  "preflight/host-identity": "Two hosts share a machine-id, MAC address or product_uuid: clones. Give each its own.",
  "preflight/host-memory": "Less memory than a role needs, or than is recommended.",
  "preflight/host-reachability": "A host cannot reach another one it must talk to.",
  "preflight/kernel-version": "The kernel is older than Kubernetes or an eBPF network needs.",
  "preflight/mtu":
    "Packets of the interface's size do not arrive at another host. Make the MTU the same on the whole way.",
  "preflight/not-fit":
    "A check failed, so nothing was changed. Mend the host, or downgrade the check by name, with a reason.",
  "preflight/os-supported": "The operating system or its version is not supported.",
  "preflight/pod-network-overlap": "A host has a route into the pod or service range. Choose other ranges.",
  "preflight/ports-free": "A port a role needs is taken by another program.",
  "preflight/security-module": "SELinux is enforcing; the finding says what that needs.",
  "preflight/sudo": "Commands do not run as root on the host.",
  "preflight/swap": "Swap is on. Apply turns it off.",
  "preflight/systemd": "systemd is not the init system, or is not done booting.",
  "preflight/time-sync": "The clock follows no time server. Apply sets up chrony.",
  "preflight/vip-free": "Somebody who is no load balancer of this cluster answers for the virtual IP.",
};
