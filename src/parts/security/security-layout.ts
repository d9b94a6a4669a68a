import type { StepId } from "../../engine/step.ts";

/** Namespaces with their limits and policies. */
export const namespacesStepId = "security.namespaces" as StepId;
/** Who may do what in them. */
export const teamsStepId = "security.teams" as StepId;
/** With Cilium: the way to the node's DNS cache out of namespaces that are closed. */
export const ciliumDnsStepId = "security.cilium-dns" as StepId;
