import type { Problem } from "../problems/problem.ts";
import type { Change, Impact, StepId } from "./step.ts";

/** How a step ended. */
export type Outcome =
  | { readonly outcome: "satisfied"; readonly because: string }
  | { readonly outcome: "applied"; readonly changes: readonly Change[] }
  | { readonly outcome: "failed"; readonly problem: Problem }
  /** Applied, but a condition did not hold in time. */
  | { readonly outcome: "unverified"; readonly problem: Problem }
  | { readonly outcome: "refused"; readonly problem: Problem }
  /** Never started, because `root` failed. Not a failure of its own. */
  | { readonly outcome: "not-started"; readonly root: StepId }
  | { readonly outcome: "cancelled" };

/** What a consumer needs to know of a step before it starts. */
export interface StepSummary {
  readonly id: StepId;
  readonly title: string;
  readonly phase: string;
  readonly on: string;
  readonly impact: Impact;
}

/**
 * The one stream. The terminal, the journal (one JSON line each), the as-run document and the console read this and
 * nothing else. Every event carries the run and the time; secrets never get in.
 */
export type RunEvent = { readonly at: string; readonly run: string } & (
  | {
      readonly type: "run-started";
      readonly cluster: string;
      readonly intention: string;
      readonly by: string;
      readonly version: string;
      readonly planDigest: string;
      readonly steps: readonly StepSummary[];
      /** Steps found satisfied when the plan was made; they are not in `steps`. */
      readonly satisfied: number;
    }
  /** About the run as a whole: an expired cluster lock was taken over, a lock host is out of reach. */
  | { readonly type: "run-said"; readonly text: string }
  | {
      readonly type: "step-started";
      readonly step: StepId;
      readonly attempt: number;
      /** Only for a step that is not in run-started: satisfied in the plan, and undone by what this run changed. */
      readonly summary?: StepSummary;
    }
  /** The changes apply is about to make, by the check right before it. */
  | { readonly type: "step-changes"; readonly step: StepId; readonly changes: readonly Change[] }
  | { readonly type: "step-said"; readonly step: StepId; readonly text: string }
  /** A command or write that is about to be carried out, masked. */
  | { readonly type: "step-command"; readonly step: StepId; readonly host: string; readonly shown: string }
  | { readonly type: "step-waiting"; readonly step: StepId; readonly title: string; readonly because: string }
  | ({
      readonly type: "step-finished";
      readonly step: StepId;
      readonly durationMs: number;
      /** What apply had borrowed could not be given back; said besides the outcome, never instead of it. */
      readonly releaseProblem?: Problem;
    } & Outcome)
  | { readonly type: "run-interrupted"; readonly how: "finish-running" | "leave-now" }
  | {
      readonly type: "run-finished";
      readonly failed: readonly StepId[];
      readonly notStarted: number;
      readonly applied: number;
      readonly durationMs: number;
      readonly connections: number;
      readonly roundTrips: number;
    }
);

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** An event before the stream stamps it with time and run. */
export type RunEventBody = DistributiveOmit<RunEvent, "at" | "run">;
