import type { KubeRequest } from "../../cluster/kube/kube-access.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { Change } from "../../engine/step.ts";
import { unifiedDiff } from "../../resources/unified-diff.ts";
import type { NodeDeclaration, NodeTaint } from "./node-declaration.ts";

/**
 * Which of a node's taints Slipway set: "key:effect", sorted, joined by commas. The API keeps who set which label, but of
 * taints only who wrote the list last, and kubelet, controllers and network plugins all write it.
 */
const taintsAnnotation = "slipway.dev/taints";
const fieldManager = "slipway";

/** What has to change about a Node object. */
export interface NodeDifference {
  readonly name: string;
  readonly changes: readonly Change[];
  readonly requests: readonly KubeRequest[];
}

/** Undefined where the node is as declared. */
export function nodeDifference(node: KubeObject, wanted: NodeDeclaration): NodeDifference | undefined {
  const { name, uid, labels = {}, annotations = {} } = node.metadata;
  const owned = ownedLabels(node);
  const left = owned.filter((key) => !Object.hasOwn(wanted.labels, key));
  const wrong = Object.keys(wanted.labels).filter((key) => labels[key] !== wanted.labels[key]);
  const taintsThere = taintsOf(node);
  const taints = taintsToBe(taintsThere, wanted.taints, annotations[taintsAnnotation] ?? "");
  const remembered = wanted.taints.map(identity).sort().join(",");
  const taintsDiffer = JSON.stringify(taints) !== JSON.stringify(taintsThere);
  const applies = left.length + wrong.length > 0 || annotations[taintsAnnotation] !== remembered;
  if (!applies && !taintsDiffer) return undefined;

  const apply: KubeRequest = {
    method: "PATCH",
    path: `/api/v1/nodes/${name}?fieldManager=${fieldManager}&force=true&fieldValidation=Strict`,
    // With the uid nothing is made where the node has been deleted since it was seen.
    body: JSON.stringify({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, uid, labels: wanted.labels, annotations: { [taintsAnnotation]: remembered } },
    }),
    contentType: "application/apply-patch+yaml",
    reply: "metadata",
  };
  const patch: KubeRequest = {
    method: "PATCH",
    path: `/api/v1/nodes/${name}`,
    // Refused where somebody has changed the list since it was seen.
    body: JSON.stringify([
      { op: "test", path: "/spec/taints", value: taintsThere.length === 0 ? null : taintsThere },
      { op: "add", path: "/spec/taints", value: taints },
    ]),
    contentType: "application/json-patch+json",
    reply: "metadata",
  };
  const changes = [
    ...changed(`labels of node ${name}`, labelLines(labels, [...left, ...wrong]), labelLines(wanted.labels, wrong)),
    ...changed(`taints of node ${name}`, taintsThere.map(taintText), taints.map(taintText)),
  ];
  return {
    name,
    changes: changes.length > 0 ? changes : [{ verb: "update", what: `node ${name}`, because: bookkeeping }],
    // A taint that is set but not remembered is found again; one that is remembered but not set is set again.
    requests: [...(taintsDiffer ? [patch] : []), ...(applies ? [apply] : [])],
  };
}

const bookkeeping = "it does not say yet which taints are Slipway's";

/** Taints of others stay, in their places; Slipway's that are no longer wanted go; what is missing comes behind. */
function taintsToBe(
  there: readonly NodeTaint[],
  wanted: readonly NodeTaint[],
  remembered: string,
): readonly NodeTaint[] {
  const ours = new Set(remembered.split(","));
  const byIdentity = new Map(wanted.map((taint) => [identity(taint), taint]));
  const kept = there.flatMap((taint) => {
    const declared = byIdentity.get(identity(taint));
    if (declared === undefined) return ours.has(identity(taint)) ? [] : [taint];
    return [(taint.value ?? "") === (declared.value ?? "") ? taint : declared];
  });
  const present = new Set(there.map(identity));
  return [...kept, ...wanted.filter((taint) => !present.has(identity(taint)))];
}

/** A node has one taint per key and effect. */
function identity({ key, effect }: NodeTaint): string {
  return `${key}:${effect}`;
}

function taintText({ key, value, effect }: NodeTaint): string {
  return `${key}${value === undefined || value === "" ? "" : `=${value}`}:${effect}`;
}

function taintsOf(node: KubeObject): readonly NodeTaint[] {
  const { taints } = (node.spec ?? {}) as { readonly taints?: readonly NodeTaint[] | null };
  return taints ?? [];
}

/** Keys of labels Slipway applied and nobody has changed since. */
function ownedLabels(node: KubeObject): readonly string[] {
  const { managedFields } = node.metadata as {
    readonly managedFields?: readonly {
      readonly manager?: string;
      readonly operation?: string;
      readonly fieldsV1?: { readonly "f:metadata"?: { readonly "f:labels"?: Readonly<Record<string, unknown>> } };
    }[];
  };
  const own = (managedFields ?? []).filter((one) => one.manager === fieldManager && one.operation === "Apply");
  return own.flatMap((one) =>
    Object.keys(one.fieldsV1?.["f:metadata"]?.["f:labels"] ?? {}).flatMap((key) =>
      key.startsWith("f:") ? [key.slice(2)] : [],
    ),
  );
}

function labelLines(labels: Readonly<Record<string, string>>, keys: readonly string[]): readonly string[] {
  return keys.flatMap((key) => (labels[key] === undefined ? [] : [`${key}=${labels[key]}`])).sort();
}

function changed(what: string, before: readonly string[], after: readonly string[]): readonly Change[] {
  const [old, wanted] = [before, after].map((lines) => lines.map((line) => `${line}\n`).join(""));
  if (old === wanted) return [];
  const diff = unifiedDiff(old ?? "", wanted ?? "");
  return [{ verb: "update", what, ...(diff === undefined ? {} : { diff }) }];
}
