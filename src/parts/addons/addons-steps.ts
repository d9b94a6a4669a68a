import type { Step, StepId } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { objectsStep } from "../kubernetes-objects/objects-step.ts";
import { addonsPhase, dnsStepId } from "./addons-layout.ts";
import { coreDnsObjects } from "./coredns-objects.ts";

/** What the add-ons rest on: steps of other parts. */
export interface AddonsContext {
  /** Steps after which pods run, talk to each other and find Services. */
  readonly network: readonly StepId[];
}

/** What every cluster has beside Kubernetes itself. */
export function addonsSteps(spec: ClusterSpec, { network }: AddonsContext): Step[] {
  return [
    objectsStep(spec, {
      id: dnsStepId,
      title: "Apply the cluster's DNS",
      phase: addonsPhase,
      after: network,
      part: "dns",
      objects: coreDnsObjects(spec),
    }),
  ];
}
