import { kubeAsk } from "../../cluster/kube/kube-ask.ts";
import { objectPath } from "../../cluster/kube/object-path.ts";
import type { ClusterStep, Look, Verdict } from "../../engine/step.ts";
import type { Fact } from "../../facts/fact.ts";
import { pathStat } from "../../facts/path-stat.ts";
import { type Problem, ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, NetworkPluginSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import { controlPlaneInitStepId, controlPlaneStepId } from "../control-plane/control-plane-layout.ts";
import { type NoApi, noApi, noApiIn, unknownWithoutApi } from "../control-plane/no-api.ts";
import { bridgeConflistPath, networkKindStepId, networkPhase } from "./network-layout.ts";

type PluginKind = NetworkPluginSpec["kind"];

/** What each plugin that runs in pods cannot do without. */
const traces: readonly { readonly kind: PluginKind; readonly path: string }[] = [
  { kind: "flannel", path: daemonSet("kube-flannel", "kube-flannel-ds") },
  { kind: "cilium", path: daemonSet("kube-system", "cilium") },
  { kind: "calico", path: daemonSet("calico-system", "calico-node") },
];

function daemonSet(namespace: string, name: string): string {
  return objectPath({ apiVersion: "apps/v1", kind: "DaemonSet", namespace, name });
}

const bridgeIsThere: Fact<boolean> = {
  name: "bridge-conflist",
  reads: [{ kind: "stat", path: bridgeConflistPath }],
  parse: ([answer]) => pathStat(bridgeConflistPath, answer).exists,
};

/**
 * Refuses another network plugin than the one the cluster lives with: its pods have addresses of that one, and two
 * plugins on a node cut pods off.
 */
export function keptPluginStep(spec: ClusterSpec): ClusterStep<undefined> {
  const wanted = spec.network.plugin.kind;
  return {
    id: networkKindStepId,
    title: "Keep the cluster's network plugin",
    phase: networkPhase,
    on: "cluster",
    // kube-proxy of Kubernetes 1.36 was seen to lose the Service of the API for good when control planes joined while it
    // started, and pods then reach no API server.
    after: [controlPlaneInitStepId, ...controlPlaneHosts(spec).map((host) => controlPlaneStepId("roll", host.name))],
    impact: "none",
    async check(look) {
      const found = await pluginsThere(look, spec);
      if ("state" in found) return unknownWithoutApi(found);
      const others = found.filter((kind) => kind !== wanted);
      if (others.length > 0) return { state: "refused", problem: otherPlugin(wanted, others) };
      return { state: "satisfied", because: `no other network plugin than ${wanted} is there` };
    },
    apply: () => Promise.resolve(),
    verify: [
      {
        title: "no other network plugin to be there",
        everyMs: 1000,
        withinMs: 10_000,
        async holds(look): Promise<Verdict> {
          const found = await pluginsThere(look, spec);
          if ("state" in found) return { state: "not-yet", because: found.because };
          const others = found.filter((kind) => kind !== wanted);
          return others.length === 0 ? { state: "met" } : { state: "never", problem: otherPlugin(wanted, others) };
        },
      },
    ],
  };
}

async function pluginsThere(look: Look, spec: ClusterSpec): Promise<readonly PluginKind[] | NoApi> {
  const requests = traces.map(({ path }) => ({ method: "GET", path, reply: "metadata" }) as const);
  const [answer, bridges] = await Promise.all([
    kubeAsk(look, spec, requests),
    Promise.all(controlPlaneHosts(spec).map((host) => hasBridge(look, host.name))),
  ]);
  if (answer.state !== "answers") return noApi(answer);
  const unable = noApiIn(answer, requests);
  if (unable !== undefined) return unable;
  const inPods = traces.flatMap(({ kind }, index) => (answer.replies[index]?.status === 200 ? [kind] : []));
  return bridges.includes(true) ? ["bridge", ...inPods] : inPods;
}

async function hasBridge(look: Look, host: Parameters<Look["factOf"]>[0]): Promise<boolean> {
  try {
    return await look.factOf(host, bridgeIsThere);
  } catch (cause) {
    if (cause instanceof ProblemError && cause.problem.code.startsWith("ssh/")) return false;
    throw cause;
  }
}

function otherPlugin(wanted: PluginKind, others: readonly PluginKind[]): Problem {
  return {
    code: "kubernetes/fixed-setting-changed",
    severity: "error",
    message: `the cluster's network plugin cannot become ${wanted}`,
    because: `${others.join(" and ")} is there, and all pods have addresses of it`,
    hint: { text: `set network.plugin.kind to ${others[0] ?? ""} again, or make a new cluster with ${wanted}` },
  };
}
