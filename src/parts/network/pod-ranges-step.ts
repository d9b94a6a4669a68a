import type { ClusterStep, StepId, Verdict } from "../../engine/step.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { nodeHosts } from "../../spec/hosts-by-role.ts";
import { unknownWithoutApi } from "../control-plane/no-api.ts";
import { networkKindStepId, networkPhase, networkPodRangeStepId, networkPodRangesStepId } from "./network-layout.ts";
import { type PodRanges, podRanges } from "./pod-ranges.ts";

/**
 * Wait until a node has its share of the pods' addresses, and until all of them have; kube-controller-manager gives them.
 * A node with its own can run pods while others join; the way to the pods of others takes all shares.
 */
export function podRangesSteps(
  spec: ClusterSpec,
  joined: (host: HostSpec) => StepId,
): readonly ClusterStep<undefined>[] {
  const hosts = nodeHosts(spec);
  return [
    ...hosts.map((host) =>
      shareStep(spec, [host], {
        id: networkPodRangeStepId(host.name),
        title: `Wait for the share of ${host.name} in the pod network`,
        after: [networkKindStepId, joined(host)],
      }),
    ),
    shareStep(spec, hosts, {
      id: networkPodRangesStepId,
      title: "Wait for the nodes' shares of the pod network",
      after: hosts.map((host) => networkPodRangeStepId(host.name)),
    }),
  ];
}

function shareStep(
  spec: ClusterSpec,
  hosts: readonly HostSpec[],
  step: { readonly id: StepId; readonly title: string; readonly after: readonly StepId[] },
): ClusterStep<undefined> {
  const missing = (found: PodRanges & { state: "known" }) =>
    hosts.flatMap(({ name }) => (found.ranges.has(name) ? [] : [name]));
  return {
    ...step,
    phase: networkPhase,
    on: "cluster",
    impact: "none",
    async check(look) {
      const found = await podRanges(look, spec);
      if (found.state === "no-cluster") return unknownWithoutApi(found);
      const names = missing(found);
      if (names.length === 0) {
        const because = hosts.length === 1 ? "it has one" : `all ${hosts.length} nodes have theirs`;
        return { state: "satisfied", because };
      }
      const what = `wait for the pod addresses of ${names.join(", ")}`;
      return { state: "needed", found: undefined, changes: [{ verb: "run", what }] };
    },
    apply: () => Promise.resolve(),
    verify: [
      {
        title: "pod addresses to be given",
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
