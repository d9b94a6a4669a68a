import type { KubeObject } from "./kube-object.ts";

/** What names an object: its kind and, in its namespace, its name. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Absent for objects of the cluster. */
  readonly namespace?: string;
}

/** Plurals that are not the kind in small letters with an "s". */
const irregularPlurals: Readonly<Record<string, string>> = {
  Endpoints: "endpoints",
};

/** "networkpolicies" of "NetworkPolicy". */
function pluralOf(kind: string): string {
  const irregular = irregularPlurals[kind];
  if (irregular !== undefined) return irregular;
  const small = kind.toLowerCase();
  if (/[^aeiou]y$/.test(small)) return `${small.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(small) ? `${small}es` : `${small}s`;
}

/** Path of all objects of a kind, in one namespace or (without) in all: "/apis/apps/v1/deployments". */
export function collectionPath(
  kind: { readonly apiVersion: string; readonly kind: string },
  namespace?: string,
): string {
  const root = kind.apiVersion.includes("/") ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`;
  const scope = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${pluralOf(kind.kind)}`;
}

/** Path of one object: "/api/v1/namespaces/kube-system/configmaps/coredns". */
export function objectPath(object: ObjectReference): string {
  return `${collectionPath(object, object.namespace)}/${encodeURIComponent(object.name)}`;
}

export function referenceOf(object: KubeObject): ObjectReference {
  const { name, namespace } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** "Deployment kube-system/coredns": what plans and problems call an object. */
export function objectName(object: ObjectReference): string {
  return `${object.kind} ${object.namespace === undefined ? "" : `${object.namespace}/`}${object.name}`;
}
