import type { StepId } from "../../engine/step.ts";

/** Phase of `--through`. */
export const verificationPhase = "verification";

/** Every node and everything of the system on it is ready. */
export const clusterReadyStepId = "cluster.ready" as StepId;
/** Pods talk to pods, Services and DNS. */
export const clusterTrafficStepId = "cluster.traffic" as StepId;
/** What the traffic was made with is gone, and that it went well is noted. */
export const clusterTrafficEndStepId = "cluster.traffic-end" as StepId;

export const systemNamespace = "kube-system";
