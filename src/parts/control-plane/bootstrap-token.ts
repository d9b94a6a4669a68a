import { randomInt } from "node:crypto";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { HostName } from "../../hosts/port.ts";
import { Secret } from "../../hosts/secret.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { ownershipLabels, ownershipQuery } from "../kubernetes-objects/ownership-labels.ts";
import { kubernetesYaml } from "../kubernetes-yaml.ts";
import { controlPlaneEndpoint } from "./cluster-configuration.ts";

/** Group of everybody who comes with a token of kubeadm's kind. */
export const bootstrapGroup = "system:bootstrappers:kubeadm:default-node-token";

/** What a host may say it is until it has a certificate: "abcdef.0123456789abcdef", made here for one join. */
export interface BootstrapToken {
  /** The public half: part of the Secret's name. */
  readonly id: string;
  readonly secret: Secret;
}

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
/** A join takes well under a minute; a token that nobody could delete is of no use after this. */
const livesForMs = 10 * 60_000;

/** https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/#token-format (2026-11-21) */
export function makeBootstrapToken(): BootstrapToken {
  return { id: randomLetters(6), secret: new Secret(randomLetters(16)) };
}

/** Part name in the labels of the Secrets. */
const tokenPart = "bootstrap-token";
/** Which host a token was made for. */
export const tokenHostLabel = "slipway.dev/joins";
/** Query for the tokens Slipway has made, whoever they were for. */
export const tokensQuery = ownershipQuery(tokenPart);
export const tokensPath = "/api/v1/namespaces/kube-system/secrets";

/** The Secret by which the API server knows the token. */
export function bootstrapTokenSecret(token: BootstrapToken, host: HostName, now: Date): Secret {
  const expiration = new Date(now.getTime() + livesForMs).toISOString().replace(/\.\d+Z$/, "Z");
  const object: KubeObject = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: tokenSecretName(token.id),
      namespace: "kube-system",
      labels: { ...ownershipLabels(tokenPart), [tokenHostLabel]: host },
    },
    type: "bootstrap.kubernetes.io/token",
    stringData: {
      description: `Slipway joins ${host}`,
      "token-id": token.id,
      "token-secret": token.secret.reveal().toString("utf8"),
      expiration,
      "usage-bootstrap-authentication": "true",
      "auth-extra-groups": bootstrapGroup,
    },
  };
  return new Secret(JSON.stringify(object));
}

export function tokenSecretName(id: string): string {
  return `bootstrap-token-${id}`;
}

/** Where the cluster is, whom to believe, and who one may say one is: what `kubeadm join` reads of its standard input. */
export function discoveryKubeconfig(spec: ClusterSpec, authority: string, token: BootstrapToken): Secret {
  const server = `https://${controlPlaneEndpoint(spec)}`;
  return new Secret(
    kubernetesYaml({
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: spec.name,
          cluster: { server, "certificate-authority-data": Buffer.from(authority).toString("base64") },
        },
      ],
      users: [{ name: "joining", user: { token: `${token.id}.${token.secret.reveal().toString("utf8")}` } }],
      contexts: [{ name: "join", context: { cluster: spec.name, user: "joining" } }],
      "current-context": "join",
    }),
  );
}

function randomLetters(count: number): string {
  return Array.from({ length: count }, () => letters.charAt(randomInt(letters.length))).join("");
}
