import type { KubeObject } from "../../cluster/kube/kube-object.ts";

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ (2026-11-21) */
const managedBy = "app.kubernetes.io/managed-by";
const partLabel = "slipway.dev/part";

/** What tells Slipway's own objects of a part from everybody else's. */
export function ownershipLabels(part: string): Readonly<Record<string, string>> {
  return { [managedBy]: "slipway", [partLabel]: part };
}

/** The query that finds them: "labelSelector=...". */
export function ownershipQuery(part: string): string {
  const selector = Object.entries(ownershipLabels(part)).map(([name, value]) => `${name}=${value}`);
  return `labelSelector=${encodeURIComponent(selector.join(","))}`;
}

/** The object with the labels of its part. */
export function owned(object: KubeObject, part: string): KubeObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, ...ownershipLabels(part) } } };
}
