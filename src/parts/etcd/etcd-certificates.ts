import { etcdPkiDir } from "../../facts/etcd-layout.ts";
import type { CertificateRequest } from "../../pki/issue-certificate.ts";
import type { HostSpec } from "../../spec/cluster-spec.ts";
import { etcdUser } from "./etcd-layout.ts";

/** A certificate and its key as they have to be on a host. */
export interface CertificateFile {
  readonly certificatePath: string;
  readonly keyPath: string;
  /** Owner and group of the key (0600); the certificate is root's (0644). */
  readonly owner: string;
  readonly request: CertificateRequest;
}

/** A set of certificates on one host, and the copy of the authority they are checked with. */
export interface CertificateSet {
  readonly authorityPath: string;
  readonly files: readonly CertificateFile[];
}

/** Between members, towards clients, and for etcdctl on the host itself. */
export function memberCertificates(host: HostSpec): CertificateSet {
  const names = {
    dnsNames: [...new Set([host.name, "localhost"])],
    ipAddresses: [host.address, "127.0.0.1", "::1"],
  };
  const file = (name: string, request: CertificateRequest): CertificateFile => ({
    certificatePath: `${etcdPkiDir}/${name}.crt`,
    keyPath: `${etcdPkiDir}/${name}.key`,
    owner: etcdUser,
    request,
  });
  return {
    authorityPath: `${etcdPkiDir}/ca.crt`,
    files: [
      // etcd uses both as a client too: to other members, and from its own HTTP gateway.
      file("peer", { commonName: host.name, ...names, usages: ["server", "client"] }),
      file("server", { commonName: host.name, ...names, usages: ["server", "client"] }),
      file("client", { commonName: `etcdctl-${host.name}`, dnsNames: [], ipAddresses: [], usages: ["client"] }),
    ],
  };
}

/**
 * For an API server whose etcd is external, where kubeadm's documentation puts them.
 * https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/#external-etcd-nodes (2026-11-21)
 */
export const apiServerCertificates: CertificateSet = {
  authorityPath: "/etc/kubernetes/pki/etcd/ca.crt",
  files: [
    {
      certificatePath: "/etc/kubernetes/pki/apiserver-etcd-client.crt",
      keyPath: "/etc/kubernetes/pki/apiserver-etcd-client.key",
      owner: "root",
      request: { commonName: "kube-apiserver-etcd-client", dnsNames: [], ipAddresses: [], usages: ["client"] },
    },
  ],
};
