import type { ClusterStep } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { type ObjectsFound, objectsStep } from "../kubernetes-objects/objects-step.ts";
import { kubeProxySetup } from "./kube-proxy-mode.ts";
import { kubeProxyObjects } from "./kube-proxy-objects.ts";
import { networkKindStepId, networkPhase, networkProxyStepId } from "./network-layout.ts";

/** kube-proxy on every node, or on none; nodes get it as they join. */
export function kubeProxyStep(spec: ClusterSpec): ClusterStep<ObjectsFound> {
  return objectsStep(spec, {
    id: networkProxyStepId,
    title: "Apply kube-proxy",
    phase: networkPhase,
    // Not beside another plugin than the cluster's: one that replaces kube-proxy would take it away from under this one.
    after: [networkKindStepId],
    part: "kube-proxy",
    objects: async (look) => kubeProxyObjects(spec, await kubeProxySetup(look, spec)),
    otherKinds: [
      { apiVersion: "v1", kind: "ServiceAccount" },
      { apiVersion: "v1", kind: "ConfigMap" },
      { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding" },
      { apiVersion: "apps/v1", kind: "DaemonSet" },
    ],
  });
}
