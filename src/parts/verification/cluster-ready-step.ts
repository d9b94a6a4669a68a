import { kubeList } from "../../cluster/kube/kube-list.ts";
import { nodeNotReady, podNotReady } from "../../cluster/kube/readiness.ts";
import type { ClusterStep, Look, StepId, Verdict } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { nodeHosts } from "../../spec/hosts-by-role.ts";
import { type NoApi, noApi, unknownWithoutApi } from "../control-plane/no-api.ts";
import { clusterReadyStepId, systemNamespace, verificationPhase } from "./verification-layout.ts";

type Readiness =
  | NoApi
  /** `waiting`: "node w-1: its kubelet has said nothing yet". */
  | { readonly state: "seen"; readonly waiting: readonly string[]; readonly pods: number };

/** Waits until every host of the cluster file is a Ready node and every pod of the system is ready. */
export function clusterReadyStep(spec: ClusterSpec, after: readonly StepId[]): ClusterStep<undefined> {
  const nodes = nodeHosts(spec);
  return {
    id: clusterReadyStepId,
    title: "Wait for the nodes and the system's pods",
    phase: verificationPhase,
    on: "cluster",
    after,
    impact: "none",
    async check(look) {
      const found = await readinessOf(look, spec);
      if (found.state === "no-cluster") return unknownWithoutApi(found);
      const [first, ...rest] = found.waiting.map((one) => ({ verb: "run", what: `wait for ${one}` }) as const);
      if (first !== undefined) return { state: "needed", found: undefined, changes: [first, ...rest] };
      const because = `all ${nodes.length} nodes and ${found.pods} pods of ${systemNamespace} are ready`;
      return { state: "satisfied", because };
    },
    apply: () => Promise.resolve(),
    verify: [
      {
        title: "nodes and pods of the system to be ready",
        everyMs: 1000,
        withinMs: 300_000,
        async holds(look): Promise<Verdict> {
          const found = await readinessOf(look, spec);
          if (found.state === "no-cluster") return { state: "not-yet", because: found.because };
          if (found.waiting.length === 0) return { state: "met" };
          const more = found.waiting.length > 3 ? `; and ${found.waiting.length - 3} more` : "";
          return { state: "not-yet", because: `${found.waiting.slice(0, 3).join("; ")}${more}` };
        },
      },
    ],
  };
}

async function readinessOf(look: Look, spec: ClusterSpec): Promise<Readiness> {
  const [nodes, pods] = await Promise.all([
    kubeList(look, spec, "/api/v1/nodes"),
    kubeList(look, spec, `/api/v1/namespaces/${systemNamespace}/pods`),
  ]);
  if (nodes.state !== "answers") return noApi(nodes);
  if (pods.state !== "answers") return noApi(pods);
  const ofNodes = nodeHosts(spec).flatMap((host) => {
    const node = nodes.items.find((one) => one.metadata.name === host.name);
    const because = node === undefined ? "it has not joined" : nodeNotReady(node);
    return because === undefined ? [] : [`node ${host.name}: ${because}`];
  });
  const ofPods = pods.items.flatMap((pod) => {
    const because = podNotReady(pod);
    return because === undefined ? [] : [`pod ${systemNamespace}/${pod.metadata.name}: ${because}`];
  });
  return { state: "seen", waiting: [...ofNodes, ...ofPods], pods: pods.items.length };
}
