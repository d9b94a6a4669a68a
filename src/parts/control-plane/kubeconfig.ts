import { isIPv6 } from "node:net";
import { Secret } from "../../hosts/secret.ts";
import type { KeyPair } from "../../pki/certificate-authority.ts";
import { issueCertificate } from "../../pki/issue-certificate.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { kubernetesYaml } from "../kubernetes-yaml.ts";

/** Whom a kubeconfig is for. */
export interface KubeconfigUser {
  readonly name: string;
  readonly groups: readonly string[];
  readonly validForDays: number;
}

/** A kubeconfig with a client certificate of its own, for clients outside: by the endpoint's name where it has one. */
export async function kubeconfig(
  spec: ClusterSpec,
  authority: KeyPair,
  user: KubeconfigUser,
  now: Date,
): Promise<Secret> {
  const made = await issueCertificate(
    authority,
    {
      commonName: user.name,
      organizations: user.groups,
      dnsNames: [],
      ipAddresses: [],
      usages: ["client"],
      validForDays: user.validForDays,
    },
    now,
  );
  const context = `${user.name}@${spec.name}`;
  const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");
  return new Secret(
    kubernetesYaml({
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: spec.name,
          cluster: { server: endpointUrl(spec), "certificate-authority-data": base64(authority.certificate) },
        },
      ],
      users: [
        {
          name: user.name,
          user: {
            "client-certificate-data": base64(made.certificate),
            "client-key-data": base64(made.key.reveal()),
          },
        },
      ],
      contexts: [{ name: context, context: { cluster: spec.name, user: user.name } }],
      "current-context": context,
    }),
  );
}

/** "https://api.example.com:6443". */
export function endpointUrl({ endpoint }: ClusterSpec): string {
  const host = endpoint.name ?? endpoint.address ?? "";
  return `https://${isIPv6(host) ? `[${host}]` : host}:${endpoint.port}`;
}
