import type { Look } from "../../engine/step.ts";
import type { Secret } from "../../hosts/secret.ts";
import type { KeyPair } from "../../pki/certificate-authority.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { pkiFolder } from "./control-plane-layout.ts";

/** One of the authorities of a Kubernetes cluster. */
export interface KubernetesAuthority {
  /** "cluster": signs API server, kubelets and clients; "front-proxy": the API server towards extension servers. */
  readonly name: "cluster" | "front-proxy" | "etcd";
  /** Second part of its common name, after the cluster's: "Kubernetes CA". */
  readonly title: string;
  /** Names in the vault. */
  readonly certificate: string;
  readonly key: string;
  /** Where kubeadm looks for them on a control plane host. */
  readonly certificatePath: string;
  readonly keyPath: string;
}

export const clusterAuthority: KubernetesAuthority = authority("cluster", "Kubernetes CA", "kubernetes/ca", "ca");
const frontProxyAuthority = authority("front-proxy", "front proxy CA", "kubernetes/front-proxy-ca", "front-proxy-ca");
const stackedEtcdAuthority = authority("etcd", "etcd CA", "kubernetes/etcd-ca", "etcd/ca");

/** The key pair service account tokens are signed and verified with. */
export const serviceAccountKey = {
  key: "kubernetes/sa.key",
  publicKey: "kubernetes/sa.pub",
  keyPath: `${pkiFolder}/sa.key`,
  publicKeyPath: `${pkiFolder}/sa.pub`,
} as const;

/** Authorities of this cluster; external etcd has its own part, and its own authority there. */
export function kubernetesAuthorities(spec: ClusterSpec): readonly KubernetesAuthority[] {
  const own = [clusterAuthority, frontProxyAuthority];
  return spec.etcd.topology === "stacked" ? [...own, stackedEtcdAuthority] : own;
}

/** An authority from the vault; undefined until it is made. */
export async function readAuthority(look: Pick<Look, "vault">, of: KubernetesAuthority): Promise<KeyPair | undefined> {
  const [certificate, key] = await Promise.all([look.vault.read(of.certificate), look.vault.read(of.key)]);
  if (certificate === undefined || key === undefined) return undefined;
  return { certificate: textOf(certificate), key };
}

/** A file under /etc/kubernetes/pki as it has to be, from the vault. */
export interface PkiFile {
  readonly path: string;
  /** Name in the vault. */
  readonly name: string;
  readonly secret: boolean;
}

/** What a control plane host is given; kubeadm issues the rest from it. */
export function pkiFiles(spec: ClusterSpec): readonly PkiFile[] {
  return [
    ...kubernetesAuthorities(spec).flatMap((one) => [
      { path: one.certificatePath, name: one.certificate, secret: false },
      { path: one.keyPath, name: one.key, secret: true },
    ]),
    { path: serviceAccountKey.keyPath, name: serviceAccountKey.key, secret: true },
    { path: serviceAccountKey.publicKeyPath, name: serviceAccountKey.publicKey, secret: false },
  ];
}

/** Text of something in the vault that is not secret: a certificate, a public key. */
export function textOf(value: Secret): string {
  return value.reveal().toString("utf8");
}

function authority(
  name: KubernetesAuthority["name"],
  title: string,
  inVault: string,
  path: string,
): KubernetesAuthority {
  return {
    name,
    title,
    certificate: `${inVault}.crt`,
    key: `${inVault}.key`,
    certificatePath: `${pkiFolder}/${path}.crt`,
    keyPath: `${pkiFolder}/${path}.key`,
  };
}
