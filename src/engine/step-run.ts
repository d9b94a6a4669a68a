import { type Problem, ProblemError } from "../problems/problem.ts";
import { type ActHooks, type Acting, beginApply, beginRelease } from "./act.ts";
import { withDeadline } from "./deadline.ts";
import type { EventStream } from "./event-stream.ts";
import type { Outcome } from "./events.ts";
import { isIrreversible } from "./is-irreversible.ts";
import { checkStep } from "./look.ts";
import type { PlannedStep } from "./plan.ts";
import { changeText, unplannedChanges } from "./planned-changes.ts";
import { locate } from "./planner.ts";
import { shownChange } from "./shown-change.ts";
import type { Change, Check, Step } from "./step.ts";
import { verify } from "./verify.ts";
import type { World } from "./world.ts";

/** Default deadline of apply, and of check. Part of the contract in step.ts. */
const defaultWithinMs = 15 * 60_000;
/** Release gives back what was borrowed: short work, which must not keep a stopped run from ending. */
const releaseWithinMs = 2 * 60_000;

export interface StepRunContext {
  readonly world: World;
  readonly events: EventStream;
  /** What the plan says of this step. */
  readonly planned: PlannedStep;
  /** Something this step rests on has been changed by this run. */
  readonly touched: boolean;
  readonly exactly: boolean;
  /** Aborted with `leaveNow` as reason to stop the step in the middle. */
  readonly leave: AbortSignal;
  /** Called right before each change that is sent to a host: from then on something may have been changed. */
  changing(): void;
  /** Throws `engine/lock-lost` when the cluster lock may be another run's by now. Asked before every change of apply. */
  requireLock(): void;
  /** Whether the step may let others go first; true at most once in a run. */
  mayYield(): boolean;
  /** Once nothing new may be started: how a step ends that has not begun to apply. */
  heldBack(): Outcome | undefined;
}

export interface StepEnd {
  readonly outcome: Outcome;
  readonly releaseProblem?: Problem;
}

/** The reason a step's controller is aborted with when the run is left. */
export const leaveNow = new Error("the run was left");

/** Instead of an end: the step has done nothing, and its turn comes again behind those that wait for its locks. */
export const yielded = Symbol("yielded");

/** Checks, applies, verifies, and on failure releases one step. Never throws. */
export async function runStep(step: Step, context: StepRunContext): Promise<StepEnd | typeof yielded> {
  const tries = Math.max(1, step.tries ?? 1);
  let made: readonly Change[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const end = await attemptStep(step, context, attempt, made);
    if (end.kind === "yielded") return yielded;
    if (end.kind === "end") return end.end;
    const { outcome, releaseProblem } = end.end;
    const mayRetry = attempt < tries && outcome.outcome === "failed" && releaseProblem === undefined;
    if (!mayRetry || context.heldBack() !== undefined) return end.end;
    made = end.changes;
    context.events.emit({ type: "step-said", step: step.id, text: `attempt ${attempt} of ${tries} did not succeed` });
  }
}

type AttemptEnd =
  | { readonly kind: "yielded" }
  | { readonly kind: "end"; readonly end: StepEnd }
  | { readonly kind: "apply-failed"; readonly end: StepEnd; readonly changes: readonly Change[] };

async function attemptStep(
  step: Step,
  context: StepRunContext,
  attempt: number,
  madeBefore: readonly Change[],
): Promise<AttemptEnd> {
  const ended = (outcome: Outcome): AttemptEnd => ({ kind: "end", end: { outcome } });
  let needed: Extract<Check, { state: "needed" }>;
  try {
    const check = await checkWithin(step, context);
    if (check.state === "satisfied")
      return ended(
        madeBefore.length > 0
          ? { outcome: "applied", changes: madeBefore }
          : { outcome: "satisfied", because: check.because },
      );
    if (check.state === "refused") return ended({ outcome: "refused", problem: locate(check.problem, step) });
    if (check.state === "unknown") return ended({ outcome: "failed", problem: missingDependency(step, check) });
    if (attempt === 1 && mustBeAsPlanned(step, context)) requireAsPlanned(step, check.changes, context);
    needed = check;
  } catch (error) {
    return ended(outcomeOf(error, step));
  }
  // Something may have failed, or the user may have stopped the run, while the check was asked.
  const heldBack = attempt === 1 ? context.heldBack() : undefined;
  if (heldBack !== undefined) return ended(heldBack);
  if (attempt === 1 && needed.yields === true && context.mayYield()) return { kind: "yielded" };
  try {
    await announce(step, context, attempt, needed.changes);
    await applyWithin(step, context, needed.found);
  } catch (error) {
    const end = await releaseAfter(step, context, outcomeOf(error, step));
    return { kind: "apply-failed", end, changes: [...madeBefore, ...needed.changes] };
  }
  return { kind: "end", end: await verifyApplied(step, context, [...madeBefore, ...needed.changes]) };
}

async function checkWithin(step: Step, { world, leave }: StepRunContext): Promise<Check> {
  const withinMs = step.withinMs ?? defaultWithinMs;
  return await withDeadline(
    world.clock,
    withinMs,
    leave,
    () => deadlineProblem(step, "check", withinMs),
    (signal) => checkStep(step, world, signal),
  );
}

/** Says what is about to happen, and returns when that is on disk. */
async function announce(
  step: Step,
  { events, planned }: StepRunContext,
  attempt: number,
  changes: readonly Change[],
): Promise<void> {
  const { id, title, phase, on, impact } = step;
  const summary = planned.state === "satisfied" ? { summary: { id, title, phase, on, impact } } : {};
  events.emit({ type: "step-started", step: id, attempt, ...summary });
  events.emit({ type: "step-changes", step: id, changes });
  await events.synced();
}

async function applyWithin(step: Step, context: StepRunContext, found: unknown): Promise<void> {
  const { world, events, leave } = context;
  const withinMs = step.withinMs ?? defaultWithinMs;
  const hooks = hooksOf(step, context, async () => {
    await events.synced();
    context.requireLock();
    context.changing();
  });
  let acting: Acting | undefined;
  try {
    await withDeadline(
      world.clock,
      withinMs,
      leave,
      () => deadlineProblem(step, "apply", withinMs),
      (signal) => {
        acting = beginApply(step, found, world, hooks, signal);
        return acting.done;
      },
    );
  } finally {
    acting?.end();
  }
}

async function verifyApplied(step: Step, context: StepRunContext, changes: readonly Change[]): Promise<StepEnd> {
  const { world, events, leave } = context;
  try {
    const verified = await verify(step, world, leave, (title, because) =>
      events.emit({ type: "step-waiting", step: step.id, title, because }),
    );
    if (verified.state === "met") return { outcome: { outcome: "applied", changes } };
    const outcome = verified.state === "timed-out" ? "unverified" : "failed";
    return await releaseAfter(step, context, { outcome, problem: locate(verified.problem, step) });
  } catch (error) {
    return await releaseAfter(step, context, outcomeOf(error, step));
  }
}

/** Release has time and a signal of its own: those of the step may be what has just run out. */
async function releaseAfter(step: Step, context: StepRunContext, outcome: Outcome): Promise<StepEnd> {
  if (step.release === undefined) return { outcome };
  // A journal that cannot be written must not keep a cordon or a token in place.
  const hooks = hooksOf(step, context, () => Promise.resolve());
  let acting: Acting | undefined;
  try {
    await withDeadline(
      context.world.clock,
      releaseWithinMs,
      undefined,
      () => deadlineProblem(step, "release", releaseWithinMs),
      (signal) => {
        acting = beginRelease(step, context.world, hooks, signal);
        return acting.done;
      },
    );
    return { outcome };
  } catch (error) {
    return { outcome, releaseProblem: releaseFailed(step, problemOf(error, step)) };
  } finally {
    acting?.end();
  }
}

function hooksOf(step: Step, { events }: StepRunContext, synced: () => Promise<void>): ActHooks {
  return {
    before(host, change) {
      events.emit({ type: "step-command", step: step.id, host, shown: shownChange(change) });
      return synced();
    },
    said: (text) => events.emit({ type: "step-said", step: step.id, text }),
  };
}

/** What cannot be taken back is not done unseen, even where the run may otherwise go beyond its plan. */
function mustBeAsPlanned(step: Step, { exactly, planned }: StepRunContext): boolean {
  return exactly || (planned.state === "satisfied" && isIrreversible(step));
}

function requireAsPlanned(step: Step, changes: readonly Change[], { planned, touched }: StepRunContext): void {
  if (planned.state === "unknown") return;
  const unplanned = planned.state === "needed" ? unplannedChanges(planned.changes, changes, touched) : changes;
  if (unplanned.length === 0) return;
  throw new ProblemError(
    locate(
      {
        code: "plan/changed-since",
        severity: "error",
        message: `step ${step.id} would now make changes that the plan did not show`,
        because: unplanned.map(changeText).join(", "),
        hint: { text: "make and read a new plan", command: "slipway plan --out plan.json" },
      },
      step,
    ),
  );
}

function outcomeOf(error: unknown, step: Step): Outcome {
  if (error === leaveNow) return { outcome: "cancelled" };
  return { outcome: "failed", problem: problemOf(error, step) };
}

/** A Problem of whatever was thrown; anything but a ProblemError is a bug of ours and says so. */
export function problemOf(error: unknown, step: Step): Problem {
  if (error instanceof ProblemError) return locate(error.problem, step);
  const stack = error instanceof Error ? (error.stack ?? "").split("\n").slice(1, 4) : [];
  return locate(
    {
      code: "engine/bug",
      severity: "error",
      message: `step ${step.id} met a bug in Slipway`,
      because: [error instanceof Error ? error.message : String(error), ...stack.map((line) => line.trim())].join("; "),
    },
    step,
  );
}

function missingDependency(step: Step, check: Extract<Check, { state: "unknown" }>): Problem {
  if (check.problem !== undefined) return locate(check.problem, step);
  return locate(
    {
      code: "engine/missing-dependency",
      severity: "error",
      message: `step ${step.id} was started before it could know what to do`,
      because: `${check.because}; it waits for ${check.until}, and everything it comes after is done`,
    },
    step,
  );
}

function deadlineProblem(step: Step, part: "check" | "apply" | "release", withinMs: number): Problem {
  return locate(
    {
      code: "engine/deadline",
      severity: "error",
      message: `${part} of step ${step.id} did not end in time`,
      because: `the limit is ${Math.round(withinMs / 1000)} s`,
      hint: { text: "run the same command again: every step looks at what is there before it acts" },
    },
    step,
  );
}

function releaseFailed(step: Step, problem: Problem): Problem {
  return {
    ...problem,
    code: "engine/release-failed",
    message: `step ${step.id} could not give back what it had borrowed`,
    because: [`${problem.code}: ${problem.message}`, ...(problem.because ? [problem.because] : [])].join("; "),
  };
}
