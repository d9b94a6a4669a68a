import type { KubeAnswer } from "../../cluster/kube/kube-access.ts";
import { apiSilent } from "../../cluster/kube/kube-problem.ts";
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
 * What a check answers without the API: it is known when there is a control plane, or when the one there is answers again,
 * which has steps of its own. Never a refusal, which would keep those from running.
 */
export function unknownWithoutApi({ because, problem }: NoApi): Extract<Check, { state: "unknown" }> {
  return problem === undefined
    ? { state: "unknown", until: controlPlaneInitStepId, because }
    : { state: "unknown", until: controlPlaneServingStepId, because, problem };
}
