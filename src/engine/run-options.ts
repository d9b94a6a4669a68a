import type { Problem } from "../problems/problem.ts";
import type { ClusterLockOptions } from "./cluster-lock.ts";
import type { Outcome, RunEvent } from "./events.ts";
import type { Journal } from "./journal.ts";
import type { Step, StepId } from "./step.ts";

/** How to carry out a plan. */
export interface RunOptions {
  /** Names the run in events, journal and lock; see `newRunId` in state/. */
  readonly run: string;
  /** Who runs it: "ann@laptop". */
  readonly by: string;
  /** Slipway's own version. */
  readonly version: string;
  readonly journal: Journal;
  readonly listener?: (event: RunEvent) => void;
  readonly lock: ClusterLockOptions;
  /** The same as for `makePlan`. */
  readonly outside?: ReadonlyMap<StepId, Step>;
  /** Default "no-new": after a failure what runs is finished and nothing is started. "continue": independent steps go on. */
  readonly onFailure?: "no-new" | "continue";
  /**
   * For a saved plan: a step that would make a change the plan did not show fails with `plan/changed-since`. A step that
   * changes etcd membership or destroys data does so in every run when the plan showed it as satisfied.
   */
  readonly exactly?: boolean;
  /** Steps at the same time; default 64. */
  readonly maxRunning?: number;
  /** Steps at the same time on one host; default 1. */
  readonly perHost?: number;
  /** Deadline of the run: when it has passed, what runs is finished and nothing is started. Default none. */
  readonly withinMs?: number;
  readonly interrupt?: Interrupt;
}

/** Ctrl-C, as two signals. */
export interface Interrupt {
  /** The first: finish what runs, start nothing. */
  readonly finishRunning: AbortSignal;
  /**
   * The second: leave now. Running steps are aborted and released within 10 s, except those that change etcd membership
   * or destroy data: these are not cut in the middle but waited for up to 60 s, with the cluster lock kept, and only
   * then abandoned.
   */
  readonly leaveNow: AbortSignal;
}

export interface RunResult {
  readonly run: string;
  /** Every step of the plan, in the order they ended. */
  readonly outcomes: ReadonlyMap<StepId, Outcome>;
  readonly applied: number;
  /** Planned as satisfied, or found satisfied right before apply. */
  readonly satisfied: number;
  /** Failed, refused or unverified, in the order they ended. */
  readonly failed: readonly StepId[];
  /** Steps that sent a change to a host, however they ended; when it is 0, nothing was changed on any. */
  readonly changing: number;
  /** Never started because of a failure. */
  readonly notStarted: number;
  /** Never started, or aborted, because of an interrupt, a deadline or a lost lock. */
  readonly cancelled: number;
  readonly interrupted?: "finish-running" | "leave-now";
  /** Root causes in the order they happened, releases that failed, and what stopped the run as a whole. */
  readonly problems: readonly Problem[];
  readonly durationMs: number;
}
