import type { EtcdClusterStatus } from "../cluster/etcd-status.ts";
import type { KubeStatus } from "../cluster/kube/kube-status.ts";
import type { HaproxyServer } from "../facts/haproxy-servers.ts";
import type { HostName } from "../hosts/port.ts";
import type { Problem } from "../problems/problem.ts";
import type { Role } from "../spec/cluster-spec.ts";

/** How a service of Slipway's is doing on a host. */
export type ServiceState = "running" | "starting" | "stopped" | "failed" | "not-installed" | "unknown";

/** A service the host's roles need. */
export interface ServiceStatus {
  /** "chrony", "containerd", "haproxy", "keepalived", "etcd", "kubelet". */
  readonly name: string;
  readonly state: ServiceState;
  /** As systemd says it: "active (running)". */
  readonly because: string;
}

/** How full something is. */
export interface Usage {
  readonly usedBytes: number;
  readonly sizeBytes: number;
}

/** A host that answered. */
export interface HostStatus {
  readonly host: HostName;
  readonly roles: readonly Role[];
  /** "Debian GNU/Linux 12 (bookworm)". */
  readonly os: string;
  readonly kernel: string;
  readonly uptimeSeconds: number;
  /** Averages over 1, 5 and 15 minutes. */
  readonly load: readonly [number, number, number];
  readonly memory: Usage;
  /** The fullest of the file systems Slipway works on, and where it is mounted; its size without what is reserved. */
  readonly disk: Usage & { readonly mountPoint: string };
  readonly services: readonly ServiceStatus[];
  readonly hasVirtualIp: boolean;
}

/** What one load balancer's HAProxy sees. */
export interface LoadBalancerView {
  readonly host: HostName;
  /** Absent when its statistics could not be read. */
  readonly servers?: readonly HaproxyServer[];
}

/** The way into the cluster. */
export interface EntryPointStatus {
  readonly kind: "virtual-ip" | "external" | "host";
  /** Address or name, and port. */
  readonly address: string;
  /** Hosts that have the virtual IP: one, when all is well. */
  readonly holders: readonly HostName[];
  readonly loadBalancers: readonly LoadBalancerView[];
}

/** The certificate of a host that expires first. */
export interface CertificateStatus {
  readonly host: HostName;
  readonly path: string;
  readonly subject: string;
  /** ISO 8601. */
  readonly notAfter: string;
  readonly daysLeft: number;
}

/** What hosts, entry point and etcd are doing now. Plain data. */
export interface ClusterStatus {
  readonly cluster: string;
  /**
   * "not-installed": no service of Slipway's is on any host that answered; "healthy": everything runs that should;
   * "degraded": `findings` say what does not.
   */
  readonly health: "healthy" | "degraded" | "not-installed";
  /** Why it is degraded, or what to keep an eye on; most important first. */
  readonly findings: readonly Problem[];
  readonly hosts: readonly HostStatus[];
  /** Hosts of which nothing is known, and why. */
  readonly unreachable: readonly { readonly host: HostName; readonly problem: Problem }[];
  readonly entryPoint: EntryPointStatus;
  /** Absent with stacked etcd, which the control plane runs. */
  readonly etcd?: EtcdClusterStatus;
  readonly kubernetes: KubeStatus;
  /** Of each host the certificate that expires first, soonest first. */
  readonly certificates: readonly CertificateStatus[];
}
