import type { StepId } from "../../engine/step.ts";

/** Namespaces with their limits and policies. */
export const namespacesStepId = "security.namespaces" as StepId;
/** Who may do what in them. */
export const teamsStepId = "security.teams" as StepId;
