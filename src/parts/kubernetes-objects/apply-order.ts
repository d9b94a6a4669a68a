import type { KubeObject } from "../../cluster/kube/kube-object.ts";

/** What others need first. Kinds that are not named come after these, webhooks and API services last. */
const early = [
  "Namespace",
  "CustomResourceDefinition",
  "PriorityClass",
  "ServiceAccount",
  "ClusterRole",
  "ClusterRoleBinding",
  "Role",
  "RoleBinding",
  "ConfigMap",
  "Secret",
  "Service",
  "DaemonSet",
  "Deployment",
];
const late = ["APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

function rank(kind: string): number {
  if (early.includes(kind)) return early.indexOf(kind);
  return late.includes(kind) ? early.length + 1 : early.length;
}

/** The objects in the order they are to be made in; those of a kind keep theirs. */
export function inApplyOrder(objects: readonly KubeObject[]): readonly KubeObject[] {
  return [...objects].sort((one, other) => rank(one.kind) - rank(other.kind));
}
