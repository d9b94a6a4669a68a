import { formatPatch, OMIT_HEADERS, structuredPatch } from "diff/lib/patch/create.js";
import { stringify } from "yaml";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { Secret } from "../../hosts/secret.ts";

/** Fields of metadata that the API server writes, and that say nothing about what an object is. */
const serverFields = new Set([
  "managedFields",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "uid",
  "selfLink",
]);

/** Annotations by which controllers count; they follow from everything else. */
const countingAnnotations = new Set(["deprecated.daemonset.template.generation", "deployment.kubernetes.io/revision"]);

/** Longer texts get no diff: nobody reads it, and a plan has to stay small. */
const longestDiffedChars = 64 * 1024;

/** An object without what the API server adds by itself, so that two of them differ only in what somebody declared. */
export function comparable(object: KubeObject): KubeObject {
  const { status: _status, metadata, ...rest } = object;
  const kept = Object.entries(metadata).flatMap(([name, value]) => {
    if (serverFields.has(name)) return [];
    if (name !== "annotations" || !isRecord(value)) return [[name, value]];
    const own = Object.entries(value).filter(([annotation]) => !countingAnnotations.has(annotation));
    return own.length === 0 ? [] : [[name, Object.fromEntries(own)]];
  });
  return { ...rest, metadata: Object.fromEntries(kept) as KubeObject["metadata"] } as KubeObject;
}

/** The same for two objects that are equal, in whatever order their fields stand. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => (isRecord(one) ? sortedEntries(one) : one));
}

/** An object as people read it: YAML with sorted fields, the values of a Secret masked. */
export function shownObject(object: KubeObject): string {
  return stringify(masked(object), { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * Unified diff without the file header between two objects as people read them; undefined when it would be too long. A
 * value of a Secret that changes is shown as such.
 */
export function objectDiff(before: KubeObject | undefined, after: KubeObject): string | undefined {
  const old = before === undefined ? "" : shownObject(before);
  const wanted = before === undefined ? shownObject(after) : shownObject(markedChanges(before, after));
  if (old.length > longestDiffedChars || wanted.length > longestDiffedChars) return undefined;
  const patch = structuredPatch("", "", old, wanted, undefined, undefined, { context: 3 });
  return formatPatch(patch, OMIT_HEADERS).replace(/\n$/, "");
}

const valueFields = ["data", "stringData"] as const;
const hidden = "(hidden)";
const hiddenChange = "(hidden, another one)";

function masked(object: KubeObject): KubeObject {
  if (object.kind !== "Secret") return object;
  const values = valueFields.flatMap((field) => {
    const entries = object[field];
    if (!isRecord(entries)) return [];
    const shown = Object.entries(entries).map(([name, value]) => [name, value === hiddenChange ? value : hidden]);
    return [[field, Object.fromEntries(shown)] as const];
  });
  // kubectl keeps a whole copy of what it applied in an annotation.
  const annotations = Object.entries(object.metadata.annotations ?? {}).map(([name, value]) => [
    name,
    name.endsWith("last-applied-configuration") ? hidden : value,
  ]);
  const metadata =
    annotations.length === 0
      ? object.metadata
      : { ...object.metadata, annotations: Object.fromEntries(annotations) as Record<string, string> };
  return { ...object, ...Object.fromEntries(values), metadata };
}

function markedChanges(before: KubeObject, after: KubeObject): KubeObject {
  if (after.kind !== "Secret") return after;
  const values = valueFields.flatMap((field) => {
    const [old, wanted] = [before[field], after[field]];
    if (!isRecord(wanted)) return [];
    const marked = Object.entries(wanted).map(([name, value]) => {
      const same = isRecord(old) && (!(name in old) || old[name] === value);
      return [name, same ? value : hiddenChange];
    });
    return [[field, Object.fromEntries(marked)] as const];
  });
  return { ...after, ...Object.fromEntries(values) };
}

/** The body of a request: a Secret's is one here too. */
export function bodyOf(object: KubeObject): string | Secret {
  const text = JSON.stringify(object);
  return object.kind === "Secret" ? new Secret(text) : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sortedEntries(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)));
}
