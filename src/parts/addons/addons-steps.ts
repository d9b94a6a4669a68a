import type { Step, StepId } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import type { ObjectKind } from "../kubernetes-objects/inspect-objects.ts";
import { objectsStep } from "../kubernetes-objects/objects-step.ts";
import { addonsPhase, dnsStepId, metricsServerStepId, nodeLocalDnsStepId } from "./addons-layout.ts";
import { coreDnsObjects } from "./coredns-objects.ts";
import { metricsServerObjects } from "./metrics-server-objects.ts";
import { nodeLocalDnsObjects } from "./node-local-dns-objects.ts";

/** What the add-ons rest on: steps of other parts. */
export interface AddonsContext {
  /** Steps after which pods run, talk to each other and find Services. */
  readonly network: readonly StepId[];
  /** Steps after which kubelets serve with certificates of the cluster's authority. */
  readonly servingCertificates: readonly StepId[];
}

/** What an add-on may consist of: looked through when it is not wanted any more. */
const addonKinds: readonly ObjectKind[] = [
  { apiVersion: "v1", kind: "ServiceAccount" },
  { apiVersion: "v1", kind: "ConfigMap" },
  { apiVersion: "v1", kind: "Service" },
  { apiVersion: "apps/v1", kind: "DaemonSet" },
  { apiVersion: "apps/v1", kind: "Deployment" },
  { apiVersion: "policy/v1", kind: "PodDisruptionBudget" },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole" },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding" },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding" },
  { apiVersion: "apiregistration.k8s.io/v1", kind: "APIService" },
];

/** What every cluster has beside Kubernetes itself. */
export function addonsSteps(spec: ClusterSpec, { network, servingCertificates }: AddonsContext): Step[] {
  const common = { phase: addonsPhase, otherKinds: addonKinds };
  return [
    objectsStep(spec, {
      ...common,
      id: dnsStepId,
      title: "Apply the cluster's DNS",
      after: network,
      part: "dns",
      objects: coreDnsObjects(spec),
    }),
    objectsStep(spec, {
      ...common,
      id: nodeLocalDnsStepId,
      title: "Apply the DNS cache of every node",
      after: network,
      part: "node-local-dns",
      objects: nodeLocalDnsObjects(spec),
    }),
    objectsStep(spec, {
      ...common,
      id: metricsServerStepId,
      title: "Apply metrics-server",
      after: [...network, ...servingCertificates],
      part: "metrics-server",
      objects: metricsServerObjects(spec),
    }),
  ];
}

/** The last steps of all add-ons. */
export const addonsStepIds: readonly StepId[] = [dnsStepId, nodeLocalDnsStepId, metricsServerStepId];
