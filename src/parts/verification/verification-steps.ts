import type { Step, StepId } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { clusterReadyStep } from "./cluster-ready-step.ts";
import { trafficEndStep, trafficStep } from "./traffic-steps.ts";

/** What the verification rests on. */
export interface VerificationContext {
  /** The last steps of everything that is to be ready. */
  readonly everything: readonly StepId[];
  /** True: send traffic although nothing has changed since it was last seen to work. Default false. */
  readonly trafficAnyway?: boolean;
}

/** The cluster as a whole: everything is ready, and packets arrive. */
export function verificationSteps(spec: ClusterSpec, { everything, trafficAnyway }: VerificationContext): Step[] {
  return [clusterReadyStep(spec, everything), trafficStep(spec, trafficAnyway ?? false), trafficEndStep(spec)];
}
