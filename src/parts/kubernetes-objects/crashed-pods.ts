import { kubeList } from "../../cluster/kube/kube-list.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { kubeSend } from "../../cluster/kube/kube-send.ts";
import { collectionPath, referenceOf } from "../../cluster/kube/object-path.ts";
import type { Act } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { deleteRequest } from "./object-requests.ts";

/** Finds the pods of a Deployment, DaemonSet or StatefulSet. */
export interface PodsOf {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

const controllers = new Set(["Deployment", "DaemonSet", "StatefulSet"]);

/** Pods of the objects that make some. */
export function podsOf(objects: readonly KubeObject[]): readonly PodsOf[] {
  return objects.flatMap((object) => {
    const { matchLabels } =
      ((object.spec ?? {}) as { readonly selector?: { matchLabels?: PodsOf["labels"] } }).selector ?? {};
    const { namespace } = object.metadata;
    return controllers.has(object.kind) && matchLabels !== undefined && namespace !== undefined
      ? [{ namespace, labels: matchLabels }]
      : [];
  });
}

/**
 * Deletes pods that wait in a crash loop, so that their controllers make new ones with what was just changed: kubelet takes
 * up to five minutes before it tries an old one again, and it serves nobody in the meantime.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy (2026-11-21)
 */
export async function replaceCrashed(act: Act, spec: ClusterSpec, all: readonly PodsOf[]): Promise<void> {
  for (const { namespace, labels } of all) {
    const selector = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const path = `${collectionPath({ apiVersion: "v1", kind: "Pod" }, namespace)}?labelSelector=${encodeURIComponent(selector.join(","))}`;
    const pods = await kubeList(act, spec, path);
    if (pods.state !== "answers") return;
    const requests = pods.items.filter(isCrashed).map((pod) => {
      act.say(`replacing pod ${pod.metadata.name}, which waits after a crash`);
      return deleteRequest({ ...referenceOf(pod), apiVersion: "v1", kind: "Pod" }, String(pod.metadata.uid));
    });
    // 404 and 409: it has gone, or is another one, since it was seen.
    if (requests.length > 0) await kubeSend(act, spec, requests, [404, 409]);
  }
}

interface ContainerStatus {
  readonly state?: { readonly waiting?: { readonly reason?: string } };
}

function isCrashed(pod: KubeObject): boolean {
  const { initContainerStatuses = [], containerStatuses = [] } = (pod.status ?? {}) as {
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
  const isWaiting = ({ state }: ContainerStatus) => state?.waiting?.reason === "CrashLoopBackOff";
  return (
    pod.metadata.deletionTimestamp === undefined && [...initContainerStatuses, ...containerStatuses].some(isWaiting)
  );
}
