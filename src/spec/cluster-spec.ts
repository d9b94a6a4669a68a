import type { HostName } from "../hosts/port.ts";
import type { KubeletSpec, KubernetesSpec } from "./kubernetes-spec.ts";

/**
 * What the cluster is, after defaults and validation: every field present, every cross-field rule held. Parts and plans
 * read this and never the file. Built by `load-cluster.ts`; the shape of the file itself is `schema.ts`.
 */
export interface ClusterSpec {
  readonly name: string;
  readonly kubernetes: KubernetesSpec;
  /** Per pool name, what its kubelets have of their own. Every pool named by a host is in it. */
  readonly pools: Readonly<Record<string, KubeletSpec>>;
  readonly addons: AddonsSpec;
  readonly namespaces: readonly NamespaceSpec[];
  readonly teams: readonly TeamSpec[];
  readonly hosts: readonly HostSpec[];
  readonly endpoint: EndpointSpec;
  readonly etcd: EtcdSpec;
  readonly network: NetworkSpec;
  readonly runtime: RuntimeSpec;
  readonly os: OsSpec;
  readonly loadBalancer: LoadBalancerSpec;
  readonly artifacts: ArtifactsSpec;
  readonly preflight: { readonly downgrade: readonly { readonly check: string; readonly reason: string }[] };
  readonly ssh: { readonly maxConnections: number; readonly keepAliveSeconds: number };
}

export interface AddonsSpec {
  readonly dns: {
    readonly replicas: number;
    /** NodeLocal DNSCache on every node. */
    readonly nodeLocal: boolean;
  };
  readonly metricsServer: boolean;
}

/** A namespace with its limits, as one unit. */
export interface NamespaceSpec {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly podSecurity: "privileged" | "baseline" | "restricted";
  /** ResourceQuota `hard`; empty: no quota. */
  readonly quota: Readonly<Record<string, string>>;
  /** LimitRange of containers; absent: none. */
  readonly limits?: {
    readonly default: Readonly<Record<string, string>>;
    readonly defaultRequest: Readonly<Record<string, string>>;
    readonly max?: Readonly<Record<string, string>>;
  };
  /** Default-deny policies in both directions, with DNS allowed. */
  readonly defaultDeny: boolean;
}

/** A group of people (as the identity provider names it) and what it may do in which namespaces. */
export interface TeamSpec {
  readonly name: string;
  readonly groups: readonly string[];
  readonly users: readonly string[];
  readonly namespaces: readonly string[];
  readonly role: "view" | "edit" | "admin";
}

/**
 * Port the API server listens on, on every control plane node: kube-apiserver's default, which kubeadm keeps. Clients
 * use the endpoint's port, which is the load balancer's.
 */
export const apiServerPort = 6443;

export type Role = "load-balancer" | "etcd" | "control-plane" | "worker";

export interface HostSpec {
  readonly name: HostName;
  /** IPv4 or IPv6 address on the network the hosts talk over. */
  readonly address: string;
  readonly roles: readonly Role[];
  readonly ssh: SshSpec;
  /** "default" unless given; workers only. */
  readonly pool: string;
  readonly zone?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly {
    readonly key: string;
    readonly value: string;
    readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  }[];
}

export interface SshSpec {
  /** Where to connect: name or address; the host's address unless given (a name may be an alias in ~/.ssh/config). */
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  readonly identityFile?: string;
  readonly proxyJump?: string;
  /** "none": log in as root; "passwordless": sudo -n; "password": asked once per run, never stored. */
  readonly sudo: "none" | "passwordless" | "password";
}

export type EndpointSpec =
  /** Slipway's own pair (or single one) of HAProxy + Keepalived on the load-balancer hosts. */
  | {
      readonly kind: "virtual-ip";
      /** DNS name clients use, if any; goes into certificates. */
      readonly name?: string;
      readonly address: string;
      readonly prefix: number;
      readonly port: number;
      /** Found by the subnet the VIP is in when not given. */
      readonly interface?: string;
      /** VRRP virtual router id, 1-255, unique in the broadcast domain. */
      readonly routerId: number;
      readonly vrrp: "unicast" | "multicast";
      /**
       * "authenticated": VRRP version 2 with a password, an advertisement every second. "fast": version 3, which has no
       * authentication, every half second. IPv6 is always fast.
       */
      readonly failover: "authenticated" | "fast";
    }
  /** Somebody else's load balancer. */
  | { readonly kind: "external"; readonly name: string; readonly address?: string; readonly port: number }
  /** One load-balancer host without a VIP, or one control plane without a load balancer. */
  | { readonly kind: "host"; readonly name?: string; readonly address: string; readonly port: number };

export interface EtcdSpec {
  /** "external": on the hosts with role etcd, run by systemd. "stacked": kubeadm runs a member on each control plane. */
  readonly topology: "external" | "stacked";
  readonly dataDir: string;
  /** A folder of its own, on a disk of its own where there is one; absent: inside dataDir. */
  readonly walDir?: string;
  readonly quotaBackendBytes: number;
  readonly autoCompaction: { readonly mode: "periodic" | "revision"; readonly retention: string };
  readonly snapshotCount: number;
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly metricsPort: number;
  readonly source: EtcdSource;
  /** A replacement is under way, so an even number of members is allowed until it ends. */
  readonly replacing?: HostName;
}

export type EtcdSource =
  /** The distribution's package. */
  | { readonly from: "distribution" }
  /** The project's release tarball, checked against its SHA-256; a bundle has digests of its own. */
  | { readonly from: "release"; readonly version: string; readonly sha256?: string };

export interface NetworkSpec {
  readonly podCidr: string;
  readonly serviceCidr: string;
  /** Prefix length of each node's share of podCidr. */
  readonly nodePrefix: number;
  readonly dnsDomain: string;
  readonly maxPodsPerNode: number;
  readonly plugin: NetworkPluginSpec;
}

/** The network plugin. "bridge": CNI's own plugins and static routes, for one network segment; needs no image. */
export type NetworkPluginSpec =
  | { readonly kind: "bridge" }
  | { readonly kind: "flannel"; readonly version: string; readonly backend: "vxlan" | "host-gw" | "wireguard" }
  | {
      readonly kind: "calico";
      readonly version: string;
      readonly encapsulation: "VXLAN" | "VXLANCrossSubnet" | "IPIP" | "None";
      readonly bgp: boolean;
      readonly peers: readonly { readonly address: string; readonly asNumber: number }[];
    }
  | {
      readonly kind: "cilium";
      readonly version: string;
      readonly kubeProxyReplacement: boolean;
      readonly hubble: boolean;
      readonly encryption: "none" | "wireguard";
      readonly routing: "tunnel" | "native";
    };

export interface RuntimeSpec {
  /** "package": the distribution's or a repository's; "release": containerd's own tarball, and the distribution's runc. */
  readonly source:
    | { readonly from: "package" }
    | { readonly from: "release"; readonly version: string; readonly sha256?: string };
  /** Package the runtime comes from: Debian's "containerd" or "containerd.io" of a repository the hosts have. */
  readonly package: string;
  /** Exact package version to hold; absent: the newest the host's repositories have, then left alone. */
  readonly version?: string;
  readonly pauseImage: string;
  readonly maxConcurrentDownloads: number;
  /** Registry host to mirror endpoints, tried in order before the registry itself. */
  readonly mirrors: Readonly<
    Record<string, readonly { readonly url: string; readonly caFile?: string; readonly skipVerify: boolean }[]>
  >;
  readonly metricsAddress: string;
  /** "auto": systemd unless the host runs cgroup v1. */
  readonly cgroupDriver: "auto" | "systemd" | "cgroupfs";
  /** "auto": on when the host cannot lower oom_score_adj (a container without CAP_SYS_RESOURCE). */
  readonly restrictOomScoreAdj: "auto" | boolean;
}

export interface OsSpec {
  readonly timeServers: readonly string[];
  /** Added to, and winning over, the baseline's own. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly packages: readonly string[];
  /** Storage tools: open-iscsi and an NFS client. */
  readonly storageClients: boolean;
}

export interface LoadBalancerSpec {
  readonly statsPort: number;
  /** Ingress ports passed through to the workers as TCP; empty until an ingress controller is there. */
  readonly passthrough: readonly { readonly port: number; readonly nodePort: number }[];
}

export interface ArtifactsSpec {
  /**
   * A bundle file on the machine Slipway runs on (absolute path): programs, packages and images come from it and the
   * hosts need no way out. Absent: hosts get them from the internet or the mirrors.
   */
  readonly bundle?: string;
  /** Base URL of Kubernetes release binaries; https://dl.k8s.io unless given. */
  readonly kubernetesBaseUrl: string;
  /** Where the hosts get files (etcd releases) from. */
  readonly filesBaseUrl: string;
  /** A package repository to use instead of the ones the host has; absent: leave them alone. */
  readonly packageMirror?: {
    readonly kind: "apt" | "dnf";
    readonly url: string;
    readonly suite?: string;
    readonly components?: readonly string[];
    readonly signedBy?: string;
  };
}
