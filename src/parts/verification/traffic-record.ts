import { createHash } from "node:crypto";
import type { KubeRequest } from "../../cluster/kube/kube-access.ts";
import { kubeAsk } from "../../cluster/kube/kube-ask.ts";
import { kubeList } from "../../cluster/kube/kube-list.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { objectPath } from "../../cluster/kube/object-path.ts";
import type { Look } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { nodeHosts } from "../../spec/hosts-by-role.ts";
import { type NoApi, noApi, noApiIn } from "../control-plane/no-api.ts";
import { owned, ownershipQuery } from "../kubernetes-objects/ownership-labels.ts";
import { placeLabel, trafficPart } from "./traffic-objects.ts";
import { systemNamespace } from "./verification-layout.ts";

/** More nodes than this are not tried against each other: a sample is taken. */
const mostNodes = 4;

const record = { apiVersion: "v1", kind: "ConfigMap", name: "slipway-traffic-verified", namespace: systemNamespace };

/** What is known about the traffic of the cluster. */
export type TrafficState =
  | NoApi
  /** Not all hosts are nodes yet. */
  | { readonly state: "incomplete"; readonly because: string }
  | {
      readonly state: "seen";
      /** Nodes that are to take part, and a digest over what the traffic depends on. */
      readonly nodes: readonly string[];
      readonly digest: string;
      /** When traffic of this very digest was seen; absent: it was not. */
      readonly verifiedAt?: string;
      /** True when it was seen for another digest. */
      readonly verifiedBefore: boolean;
      /** Pods of a try that are there: name by place. */
      readonly pods: readonly KubeObject[];
    };

/** Looks at the nodes, the record of the last try, and what is left of it: one round trip. */
export async function trafficState(look: Pick<Look, "factOf">, spec: ClusterSpec): Promise<TrafficState> {
  const requests: readonly KubeRequest[] = [
    { method: "GET", path: objectPath(record) },
    { method: "GET", path: `/api/v1/namespaces/${systemNamespace}/pods?${ownershipQuery(trafficPart)}` },
  ];
  const [nodes, answer] = await Promise.all([kubeList(look, spec, "/api/v1/nodes"), kubeAsk(look, spec, requests)]);
  if (nodes.state !== "answers") return noApi(nodes);
  if (answer.state !== "answers") return noApi(answer);
  const unable = noApiIn(answer, requests);
  if (unable !== undefined) return unable;
  const hosts = nodeHosts(spec);
  const known = hosts.flatMap((host) => nodes.items.find((one) => one.metadata.name === host.name) ?? []);
  if (known.length < hosts.length) return { state: "incomplete", because: "not all hosts have joined the cluster yet" };
  const digest = digestOf(spec, known);
  const [stamp, left] = answer.replies;
  const { digest: found, verifiedAt } = (stamp?.body as { readonly data?: Record<string, string> } | null)?.data ?? {};
  const names = known.map((node) => node.metadata.name);
  return {
    state: "seen",
    nodes: sample(names),
    digest,
    verifiedBefore: found !== undefined,
    ...(found === digest && verifiedAt !== undefined ? { verifiedAt } : {}),
    pods: (left?.body as { readonly items?: readonly KubeObject[] } | null)?.items ?? [],
  };
}

/** The try the pods belong to, and the pod of each place; undefined when they are not all there. */
export function currentAttempt(
  pods: readonly KubeObject[],
  nodes: readonly string[],
): { readonly attempt: string; readonly pods: readonly KubeObject[] } | undefined {
  const attempts = new Set(pods.map((one) => one.metadata.labels?.[placeLabel]?.split("-")[1] ?? ""));
  for (const attempt of attempts) {
    const own = nodes.flatMap(
      (_, place) => pods.find((one) => one.metadata.labels?.[placeLabel] === `${place}-${attempt}`) ?? [],
    );
    if (own.length === nodes.length) return { attempt, pods: own };
  }
  return undefined;
}

/** Notes in the cluster that traffic was seen. */
export function trafficRecord(digest: string, nodes: readonly string[], now: Date): KubeObject {
  const { apiVersion, kind, name, namespace } = record;
  const data = { digest, nodes: nodes.join(" "), verifiedAt: now.toISOString() };
  return owned({ apiVersion, kind, metadata: { name, namespace }, data }, "verification");
}

/** Traffic is tried again when a node is another one, or the network, DNS or version is declared otherwise. */
function digestOf(spec: ClusterSpec, nodes: readonly KubeObject[]): string {
  const { network, addons, kubernetes } = spec;
  const identities = nodes
    .map(({ metadata, spec: own }) => [metadata.name, metadata.uid, own])
    .map(([name, uid, own]) => [name, uid, (own as { readonly podCIDR?: string } | undefined)?.podCIDR]);
  const all = { network, dns: addons.dns, proxy: kubernetes.proxy, version: kubernetes.version, identities };
  return createHash("sha256").update(JSON.stringify(all)).digest("hex");
}

/** The first, the last, and others evenly between them. */
function sample(names: readonly string[]): readonly string[] {
  if (names.length <= mostNodes) return names;
  const at = (index: number) => names[Math.round((index * (names.length - 1)) / (mostNodes - 1))];
  return Array.from({ length: mostNodes }, (_, index) => at(index)).filter((one) => one !== undefined);
}
