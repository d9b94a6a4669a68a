import type { Step, StepId } from "../../engine/step.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { nodeHosts } from "../../spec/hosts-by-role.ts";
import { kubeletStep } from "./kubelet-step.ts";
import { servingGroups } from "./nodes-layout.ts";
import { nodesObjectsStep } from "./nodes-objects-step.ts";
import { servingCertificatesStep, servingRequestsStep } from "./serving-certificates-step.ts";

/** What nodes rest on: steps of other parts. */
export interface NodesContext {
  /** The step after which a host is a node of the cluster. */
  readonly joined: (host: HostSpec) => StepId;
}

/** Everything about nodes that is not making them: kubelets as declared, labels and taints, serving certificates. */
export function nodesSteps(spec: ClusterSpec, context: NodesContext): Step[] {
  return [
    ...nodeHosts(spec).map((host) => kubeletStep(spec, host, context.joined(host))),
    nodesObjectsStep(spec, context.joined),
    ...servingGroups(spec).flatMap((group) => [servingRequestsStep(spec, group), servingCertificatesStep(spec, group)]),
  ];
}
