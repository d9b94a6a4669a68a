import type { KubeObject } from "./kube-object.ts";

interface ObjectCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}
interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}
interface Status {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions?: readonly ObjectCondition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

/** Why a node is not Ready, in kubelet's or the cluster's own words; undefined when it is. */
export function nodeNotReady(node: KubeObject): string | undefined {
  const ready = conditionOf(node, "Ready");
  if (ready?.status === "True") return undefined;
  if (ready === undefined) return "its kubelet has said nothing yet";
  return wordsOf(ready);
}

/**
 * Why a pod is not doing its work; undefined when it is ready, has ended well, or has ended somehow and its controller has
 * another in its place: a node that was shut down, or had to evict, leaves those behind.
 */
export function podNotReady(pod: KubeObject): string | undefined {
  const status = statusOf(pod);
  if (status.phase === "Succeeded" || (status.phase === "Failed" && isReplaced(pod))) return undefined;
  if (pod.metadata.deletionTimestamp !== undefined) return "it is being deleted";
  if (status.phase === "Failed") return status.message ?? status.reason ?? "it has failed";
  const ready = conditionOf(pod, "Ready");
  if (ready?.status === "True") return undefined;
  const scheduled = conditionOf(pod, "PodScheduled");
  if (scheduled?.status === "False") return wordsOf(scheduled);
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const waiting = containers.find((one) => one.state?.waiting?.reason !== undefined);
  if (waiting !== undefined) {
    const { reason = "", message } = waiting.state?.waiting ?? {};
    const restarts = waiting.restartCount ?? 0;
    const after = restarts === 0 ? "" : ` after ${restarts} restarts`;
    return `container ${waiting.name} waits: ${reason}${after}${message === undefined ? "" : `: ${message}`}`;
  }
  const unready = (status.containerStatuses ?? []).filter((one) => one.ready !== true).map((one) => one.name);
  if (unready.length > 0) return `container ${unready.join(", ")} is not ready`;
  const phase = status.phase ?? "Pending";
  if (phase !== "Running") return `it is ${phase}`;
  // Of a node that has gone silent the containers still count as ready, and the pod no longer does.
  const because = [ready?.reason, ready?.message].filter((one) => one !== undefined && one !== "").join(": ");
  return `it is Running, not ready${because === "" ? "" : ` (${because})`}`;
}

/** A pod whose controller is a Node is a static one: kubelet's file is all there is. */
function isReplaced({ metadata }: KubeObject): boolean {
  const owners = (metadata.ownerReferences ?? []) as readonly {
    readonly kind: string;
    readonly controller?: boolean;
  }[];
  return owners.some((one) => one.controller === true && one.kind !== "Node");
}

function conditionOf(object: KubeObject, type: string): ObjectCondition | undefined {
  return statusOf(object).conditions?.find((one) => one.type === type);
}

function wordsOf({ reason, message }: ObjectCondition): string {
  return [reason, message].filter((one) => one !== undefined && one !== "").join(": ") || "no reason is given";
}

function statusOf(object: KubeObject): Status {
  return (object.status ?? {}) as Status;
}
