import type { ClusterSpec, HostSpec } from "../spec/cluster-spec.ts";

/** Whether the host runs an etcd member: its role says so, or etcd is stacked and it is a control plane. */
export function runsEtcd(spec: ClusterSpec, host: HostSpec): boolean {
  return host.roles.includes(spec.etcd.topology === "external" ? "etcd" : "control-plane");
}

/** The folder etcd's write-ahead log is in: the one whose disk decides how fast etcd is. */
export function walFolder(spec: ClusterSpec): string {
  return spec.etcd.walDir ?? spec.etcd.dataDir;
}
