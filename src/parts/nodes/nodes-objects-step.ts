import { kubeList } from "../../cluster/kube/kube-list.ts";
import { kubeSend } from "../../cluster/kube/kube-send.ts";
import type { Change, ClusterStep, Condition, Look, NonEmpty, StepId } from "../../engine/step.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { nodeHosts } from "../../spec/hosts-by-role.ts";
import { type NoApi, noApi, unknownWithoutApi } from "../control-plane/no-api.ts";
import { nodeDeclaration } from "./node-declaration.ts";
import { type NodeDifference, nodeDifference } from "./node-difference.ts";
import { nodesObjectsStepId } from "./nodes-layout.ts";

/**
 * Labels and taints of every node as the cluster file has them. What Slipway set and the file no longer has is removed;
 * what others set is left alone. `joins` is the step after which a host has its node.
 */
export function nodesObjectsStep(
  spec: ClusterSpec,
  joins: (host: HostSpec) => StepId,
): ClusterStep<readonly NodeDifference[]> {
  const hosts = nodeHosts(spec);
  const evicts = hosts.some((host) => host.taints.some((taint) => taint.effect === "NoExecute"));
  return {
    id: nodesObjectsStepId,
    title: "Label and taint the nodes",
    phase: "workers",
    on: "cluster",
    after: hosts.map(joins),
    impact: evicts ? "evicts-pods" : "none",
    // A list of taints that somebody else changed in the meantime is refused by the API, and looked at again.
    tries: 3,
    async check(look) {
      const seen = await differences(look, spec);
      if (seen.state === "no-cluster") return unknownWithoutApi(seen);
      const [first, ...rest] = seen.different.flatMap((one): readonly Change[] => one.changes);
      if (first !== undefined) return { state: "needed", found: seen.different, changes: [first, ...rest] };
      const [missing] = seen.missing;
      if (missing !== undefined) {
        return { state: "unknown", until: joins(missing), because: `${missing.name} has not joined yet` };
      }
      return { state: "satisfied", because: `all ${hosts.length} nodes have their labels and taints` };
    },
    async apply(act, different) {
      await kubeSend(
        act,
        spec,
        different.flatMap((one) => one.requests),
      );
    },
    verify: [asDeclared(spec)] satisfies NonEmpty<Condition<Look>>,
  };
}

type Seen =
  | NoApi
  | {
      readonly state: "seen";
      readonly different: readonly NodeDifference[];
      readonly missing: readonly HostSpec[];
    };

async function differences(look: Pick<Look, "factOf">, spec: ClusterSpec): Promise<Seen> {
  const answer = await kubeList(look, spec, "/api/v1/nodes");
  if (answer.state !== "answers") return noApi(answer);
  const nodes = new Map(answer.items.map((node) => [node.metadata.name, node]));
  const hosts = nodeHosts(spec);
  return {
    state: "seen",
    different: hosts.flatMap((host) => {
      const node = nodes.get(host.name);
      return node === undefined ? [] : (nodeDifference(node, nodeDeclaration(host)) ?? []);
    }),
    missing: hosts.filter((host) => !nodes.has(host.name)),
  };
}

function asDeclared(spec: ClusterSpec): Condition<Look> {
  return {
    title: "nodes to have their labels and taints",
    everyMs: 1000,
    withinMs: 60_000,
    async holds(look) {
      const seen = await differences(look, spec);
      if (seen.state === "no-cluster") return { state: "not-yet", because: seen.because };
      const names = [
        ...seen.missing.map((host) => `${host.name} is not there`),
        ...seen.different.map((one) => `${one.name} differs`),
      ];
      return names.length === 0 ? { state: "met" } : { state: "not-yet", because: names.slice(0, 3).join("; ") };
    },
  };
}
