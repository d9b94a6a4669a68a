import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { managedHeader } from "../managed-header.ts";
import type { Distribution } from "./distribution.ts";

type Settings = Readonly<Record<string, string>>;

/** Every host: connections and files in numbers. */
const everywhere: Settings = {
  "net.core.somaxconn": "32768",
  "net.ipv4.tcp_max_syn_backlog": "8192",
  "net.ipv4.tcp_tw_reuse": "1",
  "net.ipv4.tcp_fin_timeout": "15",
};

/** Where systemd has not raised it to the largest number there is, which this would lower. */
const fileMax: Settings = { "fs.file-max": "2097152" };

/** Hosts with an etcd member or pods: memory stays in memory. */
const cluster: Settings = { "vm.swappiness": "0" };

/** Hosts with pods: bridged packets pass the packet filter, packets are forwarded, and many watches fit. */
const kubernetes: Settings = {
  "net.bridge.bridge-nf-call-iptables": "1",
  "net.bridge.bridge-nf-call-ip6tables": "1",
  "net.ipv4.ip_forward": "1",
  "fs.inotify.max_user_instances": "8192",
  "fs.inotify.max_user_watches": "1048576",
  "vm.max_map_count": "262144",
};

/** What a host has to do with the cluster, as far as its baseline is concerned. */
export interface HostKind {
  readonly kubernetes: boolean;
  readonly etcd: boolean;
  readonly loadBalancer: boolean;
}

export function kindOf(host: HostSpec): HostKind {
  const has = (role: HostSpec["roles"][number]) => host.roles.includes(role);
  return {
    kubernetes: has("control-plane") || has("worker"),
    etcd: has("etcd"),
    loadBalancer: has("load-balancer"),
  };
}

/** Kernel settings of a host of this kind; the user's own win. */
export function kernelSettings(spec: ClusterSpec, kind: HostKind, distribution: Distribution): Settings {
  return {
    ...everywhere,
    ...(distribution.raisesFileMax ? {} : fileMax),
    ...(kind.kubernetes || kind.etcd ? cluster : {}),
    ...(kind.kubernetes ? kubernetes : {}),
    ...(kind.kubernetes && isDualStackOrV6(spec) ? { "net.ipv6.conf.all.forwarding": "1" } : {}),
    ...(kind.loadBalancer ? entryPoint(spec) : {}),
    ...spec.os.sysctls,
  };
}

/** The virtual IP is bound by HAProxy on both load balancers, while only one of them has it. */
function entryPoint(spec: ClusterSpec): Settings {
  if (spec.endpoint.kind !== "virtual-ip") return {};
  return spec.endpoint.address.includes(":")
    ? { "net.ipv6.ip_nonlocal_bind": "1" }
    : { "net.ipv4.ip_nonlocal_bind": "1" };
}

function isDualStackOrV6(spec: ClusterSpec): boolean {
  return spec.network.podCidr.includes(":");
}

/** /etc/sysctl.d file with these settings. */
export function sysctlFile(settings: Settings): string {
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`);
  return `${managedHeader("kernel settings of the cluster")}${lines.join("")}`;
}
