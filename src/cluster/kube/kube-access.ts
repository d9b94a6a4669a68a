import type { HostName } from "../../hosts/port.ts";
import type { Secret } from "../../hosts/secret.ts";

/** Where Slipway's own client certificate lies on every control plane host: CN slipway, O kubeadm:cluster-admins. */
export const kubeClient = {
  certificatePath: "/etc/kubernetes/slipway/client.crt",
  keyPath: "/etc/kubernetes/slipway/client.key",
  authorityPath: "/etc/kubernetes/pki/ca.crt",
} as const;

/** One request to the Kubernetes API, as data. */
export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** "/api/v1/nodes?limit=500", escaped already. */
  readonly path: string;
  /** JSON text, on one line. */
  readonly body?: string | Secret;
  /** Default application/json; "application/apply-patch+yaml" for server-side apply (JSON is YAML). */
  readonly contentType?: string;
  /** Where the size of the reply matters: of the object, or of each object of the list, only its metadata. */
  readonly reply?: "metadata" | "metadata-list";
}

export interface KubeReply {
  readonly status: number;
  /** The parsed JSON body; text where it is none (/readyz). */
  readonly body: unknown;
}

/** What the API said; each state is an ordinary answer. */
export type KubeAnswer =
  | { readonly state: "answers"; readonly by: HostName; readonly replies: readonly KubeReply[] }
  /** No control plane host has been initialised: there is no cluster yet. */
  | { readonly state: "not-initialised" }
  /** There is a cluster, and no API server answers. */
  | { readonly state: "silent"; readonly because: string };
