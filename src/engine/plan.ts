import type { Problem } from "../problems/problem.ts";
import type { Change, Step, StepId } from "./step.ts";

/** What one check answered when the plan was made; plain data, so that it can be saved, shown and digested. */
export type PlannedStep = {
  readonly id: StepId;
  readonly title: string;
  readonly phase: string;
  readonly on: string;
  readonly impact: Step["impact"];
  readonly after: readonly StepId[];
} & (
  | { readonly state: "satisfied"; readonly because: string }
  | { readonly state: "needed"; readonly changes: readonly Change[] }
  | { readonly state: "unknown"; readonly until: StepId; readonly because: string }
  | { readonly state: "refused"; readonly problem: Problem }
);

/** The sum of all checks: a prediction. Nothing was changed to make it. */
export interface Plan {
  readonly cluster: string;
  /** "install", "upgrade", ...: the name of the list in plans/ it came from. */
  readonly intention: string;
  /** ISO 8601. */
  readonly madeAt: string;
  /** SHA-256 of the resolved cluster spec. */
  readonly specDigest: string;
  /** SHA-256 over spec, step ids, states and changes: two plans with one digest do the same. */
  readonly digest: string;
  readonly steps: readonly PlannedStep[];
  /** Hosts that could not be asked; their steps are absent. */
  readonly unreachable: readonly { readonly host: string; readonly problem: Problem }[];
}
