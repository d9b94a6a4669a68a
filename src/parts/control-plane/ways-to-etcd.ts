import { etcdHosts } from "../../cluster/etcd-places.ts";
import { etcdUrl } from "../../cluster/etcd-status.ts";
import type { EtcdAccess } from "../../facts/etcd-value-prefixes.ts";
import type { HostName } from "../../hosts/port.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import { apiServerCertificates } from "../etcd/etcd-certificates.ts";

/** kubeadm's stacked members listen there whatever the cluster file says: EtcdListenClientPort, EtcdListenPeerPort. */
const stackedPorts = { client: 2379, peer: 2380 } as const;

/** A member of etcd and a control plane host it can be asked from, with the API server's own certificate. */
export interface WayToEtcd {
  readonly host: HostName;
  readonly member: HostName;
  readonly access: EtcdAccess;
}

/** Every member by way of every control plane host; a stacked member by its own host first. */
export function waysToEtcd(spec: ClusterSpec): readonly WayToEtcd[] {
  const { authorityPath, files } = apiServerCertificates;
  const [file] = files;
  if (file === undefined) throw new Error("the API server has a certificate for etcd");
  const { certificatePath, keyPath } = file;
  const hosts = controlPlaneHosts(spec);
  const members = spec.etcd.topology === "stacked" ? hosts : etcdHosts(spec);
  const port = spec.etcd.topology === "stacked" ? stackedPorts.client : spec.etcd.clientPort;
  return hosts.flatMap(({ name }) =>
    members.map((member) => ({
      host: name,
      member: member.name,
      access: { url: etcdUrl(member.address, port), authorityPath, certificatePath, keyPath },
    })),
  );
}

/** How a stacked member is known to the others. */
export function stackedPeerUrl(address: string): string {
  return etcdUrl(address, stackedPorts.peer);
}
