import type { Step } from "../../engine/step.ts";
import type { ClusterSpec, NetworkPluginSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneInitStepId } from "../control-plane/control-plane-layout.ts";
import { objectsStep } from "../kubernetes-objects/objects-step.ts";
import { flannelObjects } from "./flannel-objects.ts";
import { networkPhase, networkPluginStepId } from "./network-layout.ts";

/** Network plugins that run in pods: applied as soon as there is an API, so that nodes get them as they join. */
export function pluginSteps(spec: ClusterSpec, plugin: Exclude<NetworkPluginSpec, { kind: "bridge" }>): Step[] {
  const common = { phase: networkPhase, after: [controlPlaneInitStepId] };
  switch (plugin.kind) {
    case "flannel":
      return [
        objectsStep(spec, {
          ...common,
          id: networkPluginStepId,
          title: "Apply Flannel",
          part: "flannel",
          objects: flannelObjects(spec.network, plugin),
          readyWithinMs: 10 * 60_000,
        }),
      ];
    case "calico":
    case "cilium":
      return [];
  }
}
