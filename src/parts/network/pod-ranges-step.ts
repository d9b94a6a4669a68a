import type { ClusterStep, StepId, Verdict } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { nodeHosts } from "../../spec/hosts-by-role.ts";
import { unknownWithoutApi } from "../control-plane/no-api.ts";
import { networkPhase, networkPodRangesStepId } from "./network-layout.ts";
import { type PodRanges, podRanges } from "./pod-ranges.ts";

/** Waits until every node has its share of the pods' addresses; kube-controller-manager gives them. */
export function podRangesStep(spec: ClusterSpec, joined: readonly StepId[]): ClusterStep<undefined> {
  const hosts = nodeHosts(spec).map((host) => host.name);
  const missing = (found: PodRanges & { state: "known" }) => hosts.filter((name) => !found.ranges.has(name));
  return {
    id: networkPodRangesStepId,
    title: "Wait for the nodes' shares of the pod network",
    phase: networkPhase,
    on: "cluster",
    after: joined,
    impact: "none",
    async check(look) {
      const found = await podRanges(look, spec);
      if (found.state === "no-cluster") return unknownWithoutApi(found);
      const names = missing(found);
      if (names.length === 0) return { state: "satisfied", because: `all ${hosts.length} nodes have theirs` };
      const what = `wait for the pod addresses of ${names.join(", ")}`;
      return { state: "needed", found: undefined, changes: [{ verb: "run", what }] };
    },
    apply: () => Promise.resolve(),
    verify: [
      {
        title: "pod addresses of every node to be given",
        everyMs: 1000,
        withinMs: 120_000,
        async holds(look): Promise<Verdict> {
          const found = await podRanges(look, spec);
          if (found.state === "no-cluster") return { state: "not-yet", because: found.because };
          const names = missing(found);
          if (names.length === 0) return { state: "met" };
          return { state: "not-yet", because: `${names.join(", ")}: the Node has no podCIDR` };
        },
      },
    ],
  };
}
