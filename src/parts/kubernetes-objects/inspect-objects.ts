import type { KubeReply, KubeRequest } from "../../cluster/kube/kube-access.ts";
import { kubeAsk } from "../../cluster/kube/kube-ask.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { apiRefused, refusalOf } from "../../cluster/kube/kube-problem.ts";
import {
  collectionPath,
  type ObjectReference,
  objectName,
  objectPath,
  referenceOf,
} from "../../cluster/kube/object-path.ts";
import { notReadyBecause } from "../../cluster/kube/workload-readiness.ts";
import type { Look } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import { type Problem, ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { type NoApi, noApi, noApiIn } from "../control-plane/no-api.ts";
import { inApplyOrder } from "./apply-order.ts";
import { canonicalText, comparable } from "./comparable-object.ts";
import { type PodsOf, podsOf } from "./crashed-pods.ts";
import { applyRequest } from "./object-requests.ts";
import { owned, ownershipQuery } from "./ownership-labels.ts";

/** Kinds of objects: what is looked through for objects of a part that are no longer declared. */
export type ObjectKind = Pick<ObjectReference, "apiVersion" | "kind">;

/** What a part declares to the API. */
export interface DeclaredObjects {
  /** The part's name: its objects carry it as a label. One name belongs to one list. */
  readonly part: string;
  readonly objects: readonly KubeObject[];
  /** Objects that are to be gone, whoever made them. */
  readonly absent?: readonly ObjectReference[];
  /** Kinds the part has in other configurations or had in earlier versions, beside those of `objects`. */
  readonly otherKinds?: readonly ObjectKind[];
  /** Objects of the part that stay although they are no longer declared; none unless given. */
  readonly keeps?: (leftover: ObjectReference) => boolean;
}

export interface ObjectDifference {
  /** Carries the part's labels. */
  readonly wanted: KubeObject;
  /** Comparable objects: as it is, and as it would be. Absent `before`: it is not there; absent `after`: it cannot be tried yet. */
  readonly before?: KubeObject;
  readonly after?: KubeObject;
}

export interface LeftoverObject extends ObjectReference {
  readonly uid: string;
}

export type ObjectsInspection =
  | NoApi
  | {
      readonly state: "seen";
      /** How many objects are declared. */
      readonly count: number;
      /** Where the pods of the declared objects are. */
      readonly pods: readonly PodsOf[];
      /** In the order they are to be applied in. */
      readonly different: readonly ObjectDifference[];
      readonly leftover: readonly LeftoverObject[];
      /** Objects that are as declared and cannot do their work yet: why. */
      readonly notReady: readonly { readonly object: ObjectReference; readonly because: string }[];
      /** Objects the API server would not take. */
      readonly refused: readonly Problem[];
    };

/** Compares declared objects with the live ones: one round trip, and nothing is changed. */
export async function inspectObjects(
  look: Pick<Look, "factOf">,
  spec: ClusterSpec,
  declared: DeclaredObjects,
): Promise<ObjectsInspection> {
  const wanted = inApplyOrder(declared.objects).map((object) => owned(object, declared.part));
  const kinds = kindsOf(declared);
  const absent = declared.absent ?? [];
  const reads = wanted.map((object): KubeRequest => ({ method: "GET", path: objectPath(referenceOf(object)) }));
  const trials = wanted.map((object) => applyRequest(object, "dry-run"));
  const lists = kinds.map(
    (kind): KubeRequest => ({
      method: "GET",
      path: `${collectionPath(kind)}?${ownershipQuery(declared.part)}`,
      reply: "metadata-list",
    }),
  );
  const gone = absent.map((one): KubeRequest => ({ method: "GET", path: objectPath(one), reply: "metadata" }));
  const requests = [...reads, ...trials, ...lists, ...gone];
  const answer = await kubeAsk(look, spec, requests);
  if (answer.state !== "answers") return noApi(answer);

  const { by } = answer;
  const unable = noApiIn(answer, requests);
  if (unable !== undefined) return unable;
  const rest = [...answer.replies];
  const take = (count: number) => rest.splice(0, count);
  const [live, tried, listed, present] = [
    take(reads.length),
    take(trials.length),
    take(lists.length),
    take(gone.length),
  ];
  const seen = wanted.map((object, index) => judge(object, live[index], tried[index], by));
  return {
    state: "seen",
    count: wanted.length,
    pods: podsOf(wanted),
    different: seen.flatMap((one) => one.difference ?? []),
    notReady: seen.flatMap((one) => one.notReady ?? []),
    refused: seen.flatMap((one) => one.refused ?? []),
    leftover: [
      ...kinds
        .flatMap((kind, index) => leftoverOf(kind, listed[index], wanted, by, lists[index]))
        .filter((one) => declared.keeps?.(one) !== true),
      ...absent.flatMap((one, index) => presentOf(one, present[index], by, gone[index])),
    ],
  };
}

function kindsOf({ objects, otherKinds = [] }: DeclaredObjects): readonly ObjectKind[] {
  const all = [...objects, ...otherKinds].map(({ apiVersion, kind }) => ({ apiVersion, kind }));
  return [...new Map(all.map((one) => [`${one.apiVersion} ${one.kind}`, one])).values()];
}

interface Judgement {
  readonly difference?: ObjectDifference;
  readonly notReady?: { readonly object: ObjectReference; readonly because: string };
  readonly refused?: Problem;
}

function judge(wanted: KubeObject, live: KubeReply | undefined, tried: KubeReply | undefined, by: HostName): Judgement {
  if (live === undefined || tried === undefined) throw new Error("fewer replies than requests");
  const reference = referenceOf(wanted);
  const unread = refusalOf(live);
  if (unread !== undefined && unread.status !== 404)
    return { refused: apiRefused(by, { method: "GET", path: objectPath(reference) }, unread) };
  const refusal = refusalOf(tried);
  // Its namespace or its kind is not there yet: both may be about to be made.
  if (refusal?.status === 404 && unread !== undefined) return { difference: { wanted } };
  if (refusal !== undefined) {
    const said = apiRefused(by, applyRequest(wanted, "dry-run"), refusal);
    return {
      refused: { ...said, message: `the API server would not take ${objectName(reference)} as it is declared` },
    };
  }
  const after = comparable(tried.body as KubeObject);
  if (unread !== undefined) return { difference: { wanted, after } };
  const before = comparable(live.body as KubeObject);
  if (canonicalText(before) !== canonicalText(after)) return { difference: { wanted, before, after } };
  const because = notReadyBecause(live.body as KubeObject);
  return because === undefined ? {} : { notReady: { object: reference, because } };
}

interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly deletionTimestamp?: string;
  readonly ownerReferences?: readonly unknown[];
}

/**
 * Objects with the part's labels that are not declared. What is being deleted already is not deleted again; what a
 * controller has made of a declared object, labels and all, goes with that object.
 */
function leftoverOf(
  kind: ObjectKind,
  listed: KubeReply | undefined,
  wanted: readonly KubeObject[],
  by: HostName,
  request: KubeRequest | undefined,
): readonly LeftoverObject[] {
  const body = orThrow(listed, by, request) as { readonly items?: readonly { readonly metadata?: Metadata }[] | null };
  return (body?.items ?? []).flatMap(({ metadata }) => {
    const { name, namespace, uid, deletionTimestamp, ownerReferences = [] } = metadata ?? {};
    if (name === undefined || uid === undefined || deletionTimestamp !== undefined) return [];
    if (ownerReferences.length > 0) return [];
    const reference = { ...kind, name, uid, ...(namespace === undefined ? {} : { namespace }) };
    const isWanted = wanted.some((one) => objectPath(referenceOf(one)) === objectPath(reference));
    return isWanted ? [] : [reference];
  });
}

function presentOf(
  reference: ObjectReference,
  reply: KubeReply | undefined,
  by: HostName,
  request: KubeRequest | undefined,
): readonly LeftoverObject[] {
  const body = orThrow(reply, by, request) as { readonly metadata?: Metadata } | undefined;
  const { uid, deletionTimestamp } = body?.metadata ?? {};
  return uid === undefined || deletionTimestamp !== undefined ? [] : [{ ...reference, uid }];
}

/** The body of a reply; undefined for something, or some kind, that is not there. */
function orThrow(reply: KubeReply | undefined, by: HostName, request: KubeRequest | undefined): unknown {
  if (reply === undefined || request === undefined) throw new Error("fewer replies than requests");
  const refusal = refusalOf(reply);
  if (refusal?.status === 404) return undefined;
  if (refusal !== undefined) throw new ProblemError(apiRefused(by, request, refusal));
  return reply.body;
}
