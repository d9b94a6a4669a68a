import type { StepId } from "../../engine/step.ts";

/** Phase of `--through`. */
export const addonsPhase = "add-ons";

export const dnsStepId = "addons.dns" as StepId;
export const nodeLocalDnsStepId = "addons.node-local-dns" as StepId;
export const metricsServerStepId = "addons.metrics-server" as StepId;

/** Namespace of everything here. */
export const systemNamespace = "kube-system";
