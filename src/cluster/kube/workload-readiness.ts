import type { KubeObject } from "./kube-object.ts";

/**
 * Why an object cannot do its work yet; undefined when it can, or when its kind has nothing to wait for. As `kubectl
 * rollout status` judges: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status
 * (2026-11-21).
 */
export function notReadyBecause(live: KubeObject): string | undefined {
  const judge = judges[live.kind];
  if (judge === undefined) return undefined;
  const seen = numberAt(live.status, "observedGeneration");
  const generation = numberAt(live.metadata, "generation");
  if (live.kind in counted && seen < generation) return "its controller has not seen the change yet";
  return judge(live);
}

/** Whether objects of a kind take time to be ready. */
export function hasReadiness({ kind }: { readonly kind: string }): boolean {
  return kind in judges;
}

const counted: Readonly<Record<string, true>> = { Deployment: true, DaemonSet: true, StatefulSet: true };

const judges: Readonly<Record<string, (live: KubeObject) => string | undefined>> = {
  Deployment(live) {
    const wanted = numberAt(live.spec, "replicas", 1);
    const [updated, available, all] = numbersAt(live, "updatedReplicas", "availableReplicas", "replicas");
    if (updated < wanted) return `${updated} of ${wanted} replicas are of this version`;
    if (all > updated) return `${all - updated} replicas of the version before still run`;
    return available < wanted ? `${available} of ${wanted} replicas are available` : undefined;
  },
  StatefulSet(live) {
    const wanted = numberAt(live.spec, "replicas", 1);
    const [updated, available] = numbersAt(live, "updatedReplicas", "availableReplicas");
    if (updated < wanted) return `${updated} of ${wanted} replicas are of this version`;
    return available < wanted ? `${available} of ${wanted} replicas are available` : undefined;
  },
  DaemonSet(live) {
    const [wanted, updated, available] = numbersAt(
      live,
      "desiredNumberScheduled",
      "updatedNumberScheduled",
      "numberAvailable",
    );
    if (updated < wanted) return `${updated} of ${wanted} nodes have a pod of this version`;
    return available < wanted ? `it is available on ${available} of ${wanted} nodes` : undefined;
  },
  CustomResourceDefinition: (live) => conditionMissing(live, "Established"),
  APIService: (live) => conditionMissing(live, "Available"),
};

function conditionMissing(live: KubeObject, type: string): string | undefined {
  const { conditions } = recordOf(live.status);
  const found = (Array.isArray(conditions) ? conditions : []).map(recordOf).find((one) => one.type === type);
  if (found?.status === "True") return undefined;
  if (found === undefined) return `it has no condition ${type} yet`;
  return `${type} is ${String(found.status)}: ${String(found.message ?? found.reason ?? "no reason is given")}`;
}

function numbersAt(live: KubeObject, ...names: readonly [string, ...string[]]): [number, number, number] {
  const [first = 0, second = 0, third = 0] = names.map((name) => numberAt(live.status, name));
  return [first, second, third];
}

/** A number; the API leaves out what is 0. */
function numberAt(value: unknown, name: string, otherwise = 0): number {
  const found = recordOf(value)[name];
  return typeof found === "number" ? found : otherwise;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
