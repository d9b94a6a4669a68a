import { kubeList } from "../../cluster/kube/kube-list.ts";
import type { Look } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { type NoApi, noApi } from "../control-plane/no-api.ts";

/** Which pod addresses each node has; of nodes without any yet there is no entry. */
export type PodRanges =
  | {
      readonly state: "known";
      /** "10.244.1.0/24" by node name, of the family of the cluster's pods. */
      readonly ranges: ReadonlyMap<string, string>;
    }
  | NoApi;

/**
 * The share of the pods' addresses kube-controller-manager has given each node:
 * https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/ --allocate-node-cidrs
 * (2026-11-21). One round trip while the nodes fit one page.
 */
export async function podRanges(look: Pick<Look, "factOf">, spec: ClusterSpec): Promise<PodRanges> {
  const nodes = await kubeList(look, spec, "/api/v1/nodes");
  if (nodes.state !== "answers") return noApi(nodes);
  const isIpv6 = spec.network.podCidr.includes(":");
  const ranges = new Map<string, string>();
  for (const node of nodes.items) {
    const { podCIDRs, podCIDR } = (node.spec ?? {}) as {
      readonly podCIDRs?: readonly string[];
      readonly podCIDR?: string;
    };
    const all = podCIDRs ?? (podCIDR === undefined ? [] : [podCIDR]);
    const own = all.find((one) => one.includes(":") === isIpv6);
    if (own !== undefined) ranges.set(node.metadata.name, own);
  }
  return { state: "known", ranges };
}
