import type { ClusterSpec, HostSpec } from "../spec/cluster-spec.ts";
import type { EtcdPlaces } from "./etcd-status.ts";

/** Hosts with role etcd, in the order of the cluster file. */
export function etcdHosts(spec: ClusterSpec): readonly HostSpec[] {
  return spec.hosts.filter((host) => host.roles.includes("etcd"));
}

/** Where the members of external etcd are, and how they are asked. */
export function etcdPlaces(spec: ClusterSpec): EtcdPlaces {
  const { dataDir, clientPort, peerPort } = spec.etcd;
  return { hosts: etcdHosts(spec), dataDir, clientPort, peerPort };
}
