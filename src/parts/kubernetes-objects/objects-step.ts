import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { kubeSend } from "../../cluster/kube/kube-send.ts";
import { objectName, referenceOf } from "../../cluster/kube/object-path.ts";
import type {
  Change,
  Check,
  ClusterStep,
  Condition,
  Impact,
  LockName,
  Look,
  NonEmpty,
  StepId,
  Verdict,
} from "../../engine/step.ts";
import type { Problem } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { unknownWithoutApi } from "../control-plane/no-api.ts";
import { objectDiff } from "./comparable-object.ts";
import { type PodsOf, replaceCrashed } from "./crashed-pods.ts";
import {
  type DeclaredObjects,
  inspectObjects,
  type LeftoverObject,
  type ObjectDifference,
  type ObjectsInspection,
} from "./inspect-objects.ts";
import { applyRequest, deleteRequest } from "./object-requests.ts";
import { objectsReady } from "./objects-ready.ts";

/** Objects that cannot be told before another step has run. */
export interface ObjectsUnknown {
  readonly state: "unknown";
  readonly until: StepId;
  readonly because: string;
}

/** Objects of one part as a step. */
export interface ObjectsDeclaration extends Omit<DeclaredObjects, "objects"> {
  /** Objects, or how to find out what they are: from facts, which should be asked for all at once. */
  readonly objects: readonly KubeObject[] | ((look: Look) => Promise<readonly KubeObject[] | ObjectsUnknown>);
  readonly id: StepId;
  /** Imperative: "Apply the cluster's DNS". */
  readonly title: string;
  readonly phase: string;
  readonly after: readonly StepId[];
  readonly impact?: Impact;
  readonly locks?: readonly LockName[];
  /** What the objects rest on beside the API, e.g. definitions an earlier step makes: unknown until that step has run. */
  readonly until?: StepId;
  /** What must be true beside the objects' own readiness. */
  readonly conditions?: readonly Condition<Look>[];
  /** How long Deployments, DaemonSets and the like may take to be ready; default 8 min. */
  readonly readyWithinMs?: number;
}

/** What apply is to do. */
export interface ObjectsFound {
  readonly different: readonly ObjectDifference[];
  readonly leftover: readonly LeftoverObject[];
  /** Where the pods of all declared objects are. */
  readonly pods: readonly PodsOf[];
}

const looksEveryMs = 1_000;
/** An API server on a host whose processors are all busy with nodes that join takes its time to answer at all. */
const settlesWithinMs = 180_000;
/**
 * kubelet takes up to five minutes before it starts a container again that has crashed before, and one to hand it a
 * changed ConfigMap. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy (2026-11-21)
 */
const readyWithinMs = 8 * 60_000;

/**
 * A step that makes objects of the Kubernetes API as declared, by server-side apply, and removes those of its part that
 * are no longer declared. Its check costs one round trip and is exact: a live object is compared with what applying
 * would make of it. Objects of others are never touched, unless the declaration names them.
 */
export function objectsStep(spec: ClusterSpec, declared: ObjectsDeclaration): ClusterStep<ObjectsFound> {
  const conditions = declared.conditions ?? [];
  // As they were last told: while their pods are waited for, hosts are not asked again what the objects are.
  let told: readonly KubeObject[] | undefined;
  const tell = async (at: Look): Promise<readonly KubeObject[] | ObjectsUnknown> => {
    const objects = typeof declared.objects === "function" ? await declared.objects(at) : declared.objects;
    if (!("state" in objects)) told = objects;
    return objects;
  };
  const look = async (at: Look): Promise<ObjectsInspection | ObjectsUnknown> => {
    const objects = await tell(at);
    return "state" in objects ? objects : await inspectObjects(at, spec, { ...declared, objects });
  };
  const asDeclared: Condition<Look> = {
    title: `objects of ${declared.part} to be as declared`,
    everyMs: looksEveryMs,
    withinMs: settlesWithinMs,
    holds: async (at) => declaredVerdict(await look(at)),
  };
  const ready: Condition<Look> = {
    title: `objects of ${declared.part} to be ready`,
    everyMs: looksEveryMs,
    withinMs: declared.readyWithinMs ?? readyWithinMs,
    async holds(at) {
      const objects = told ?? (await tell(at));
      if ("state" in objects) return { state: "not-yet", because: objects.because };
      return await objectsReady(at, spec, objects);
    },
  };
  const verify: NonEmpty<Condition<Look>> = [asDeclared, ready, ...conditions];
  return {
    id: declared.id,
    title: declared.title,
    phase: declared.phase,
    on: "cluster",
    after: declared.after,
    impact: declared.impact ?? "none",
    ...(declared.locks === undefined ? {} : { locks: declared.locks }),
    verify,
    async check(at) {
      const [inspection, ...verdicts] = await Promise.all([look(at), ...conditions.map((one) => one.holds(at))]);
      return checkOf(declared, inspection, conditions, verdicts);
    },
    async apply(act, { different, leftover, pods }) {
      const applied = different.map(({ wanted }) => applyRequest(wanted, "for-real"));
      if (applied.length > 0) await kubeSend(act, spec, applied);
      // 404 and 409: it has gone, or has been made anew, since it was seen.
      const deleted = leftover.map((one) => deleteRequest(one, one.uid));
      if (deleted.length > 0) await kubeSend(act, spec, deleted, [404, 409]);
      if (applied.length > 0) await replaceCrashed(act, spec, pods);
    },
  };
}

function checkOf(
  declared: ObjectsDeclaration,
  inspection: ObjectsInspection | ObjectsUnknown,
  conditions: readonly Condition<Look>[],
  verdicts: readonly Verdict[],
): Check<ObjectsFound> {
  if (inspection.state === "unknown") return inspection;
  if (inspection.state === "no-cluster") return unknownWithoutApi(inspection);
  const { different, leftover, notReady, refused, count, pods } = inspection;
  const [problem] = refused;
  if (problem !== undefined) return { state: "refused", problem };
  const never = verdicts.find((one) => one.state === "never");
  if (never !== undefined && different.length === 0) return { state: "refused", problem: never.problem };
  if (declared.until !== undefined && different.some(cannotBeTried))
    return {
      state: "unknown",
      until: declared.until,
      because: "the API does not know all kinds of these objects yet",
    };
  const changes: Change[] = [
    ...different.map(changeOf),
    ...leftover.map((one): Change => ({ verb: "delete", what: objectName(one), because: "it is no longer declared" })),
  ];
  if (changes.length === 0) {
    for (const { object, because } of notReady)
      changes.push({ verb: "run", what: `wait for ${objectName(object)}`, because });
    for (const [index, verdict] of verdicts.entries())
      if (verdict.state === "not-yet")
        changes.push({ verb: "run", what: `wait for ${conditions[index]?.title ?? ""}`, because: verdict.because });
  }
  const [first, ...rest] = changes;
  if (first !== undefined) return { state: "needed", found: { different, leftover, pods }, changes: [first, ...rest] };
  const because = count === 0 ? "there are none, as declared" : `all ${count} objects are as declared and ready`;
  return { state: "satisfied", because };
}

/** The object is not there, and neither is its kind or its namespace. */
function cannotBeTried({ wanted, before, after }: ObjectDifference): boolean {
  return before === undefined && after === undefined && wanted.kind !== "Namespace";
}

function changeOf({ wanted, before, after }: ObjectDifference): Change {
  const what = objectName(referenceOf(wanted));
  // A definition is thousands of lines of somebody else's schema.
  const isDefinition = wanted.kind === "CustomResourceDefinition";
  const diff = before === undefined ? objectDiff(undefined, wanted) : after && objectDiff(before, after);
  const shown = isDefinition || diff === undefined ? {} : { diff };
  return { verb: before === undefined ? "create" : "update", what, ...shown };
}

function declaredVerdict(inspection: ObjectsInspection | ObjectsUnknown): Verdict {
  if (inspection.state !== "seen") return { state: "not-yet", because: inspection.because };
  const [problem] = inspection.refused;
  if (problem !== undefined) return { state: "not-yet", because: shortly(problem) };
  const left = [
    ...inspection.different.map(({ wanted }) => `${objectName(referenceOf(wanted))} differs`),
    ...inspection.leftover.map((one) => `${objectName(one)} is still there`),
  ];
  return left.length === 0 ? { state: "met" } : { state: "not-yet", because: left.slice(0, 3).join("; ") };
}

function shortly(problem: Problem): string {
  return problem.because === undefined ? problem.message : `${problem.message}: ${problem.because}`;
}
