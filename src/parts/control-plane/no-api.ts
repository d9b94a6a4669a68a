import type { KubeAnswer, KubeRequest } from "../../cluster/kube/kube-access.ts";
import { apiRefused, apiSilent, isUnable, refusalOf } from "../../cluster/kube/kube-problem.ts";
import type { Check } from "../../engine/step.ts";
import type { Problem } from "../../problems/problem.ts";
import { controlPlaneInitStepId, controlPlaneServingStepId } from "./control-plane-layout.ts";

/** Nobody could say how things are in the cluster. */
export interface NoApi {
  readonly state: "no-cluster";
  readonly because: string;
  /** Set where there is a cluster: what stands in the way when its API servers should have answered. */
  readonly problem?: Problem;
}

/** Why the API said nothing. */
export function noApi(answer: Exclude<KubeAnswer, { state: "answers" }>): NoApi {
  if (answer.state === "not-initialised") return { state: "no-cluster", because: "there is no control plane yet" };
  const because = `no API server answers (${answer.because})`;
  return { state: "no-cluster", because, problem: apiSilent(answer.because) };
}

/**
 * The same of an answer in which an API server says that it could not carry one of the requests out (`isUnable`): nothing is
 * known of what was asked then. Undefined otherwise.
 */
export function noApiIn(
  { by, replies }: Extract<KubeAnswer, { state: "answers" }>,
  requests: readonly KubeRequest[],
): NoApi | undefined {
  const index = replies.findIndex(isUnable);
  const [request, reply] = [requests[index], replies[index]];
  const refusal = reply && refusalOf(reply);
  if (request === undefined || refusal === undefined) return undefined;
  const problem = apiRefused(by, request, refusal);
  return { state: "no-cluster", because: `${problem.message} (${problem.because ?? ""})`, problem };
}

/**
 * What a check answers without the API: it is known when there is a control plane, or when the one there is answers again,
 * which has steps of its own. Never a refusal, which would keep those from running.
 */
export function unknownWithoutApi({ because, problem }: NoApi): Extract<Check, { state: "unknown" }> {
  return problem === undefined
    ? { state: "unknown", until: controlPlaneInitStepId, because }
    : { state: "unknown", until: controlPlaneServingStepId, because, problem };
}
