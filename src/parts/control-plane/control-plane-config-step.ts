import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { Step } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { objectsStep } from "../kubernetes-objects/objects-step.ts";
import { kubernetesYaml } from "../kubernetes-yaml.ts";
import { kubeletConfiguration } from "../nodes/kubelet-configuration.ts";
import { clusterConfiguration } from "./cluster-configuration.ts";
import { controlPlaneConfigStepId, controlPlaneServingStepId } from "./control-plane-layout.ts";

/**
 * What kubeadm reads when a host joins or is upgraded: its ConfigMaps, as the cluster file has them. `kubeadm init` writes
 * them first; from then on they are declared objects, and not what the first host happened to be made from.
 */
export function controlPlaneConfigStep(spec: ClusterSpec): Step {
  return objectsStep(spec, {
    id: controlPlaneConfigStepId,
    title: "Keep kubeadm's configuration in the cluster",
    phase: "control-plane",
    after: [controlPlaneServingStepId],
    part: "control-plane-config",
    objects: [
      configMap("kubeadm-config", { ClusterConfiguration: clusterConfiguration(spec) }),
      configMap("kubelet-config", { kubelet: kubeletConfiguration(spec) }),
    ],
  });
}

function configMap(name: string, documents: Readonly<Record<string, unknown>>): KubeObject {
  const texts = Object.entries(documents).map(([key, value]) => [key, kubernetesYaml(value)] as const);
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "kube-system" },
    data: Object.fromEntries(texts),
  };
}
