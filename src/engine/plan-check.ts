import { type Problem, ProblemError } from "../problems/problem.ts";
import type { Plan, PlannedStep } from "./plan.ts";
import { changeText, unplannedChanges } from "./planned-changes.ts";
import type { StepId } from "./step.ts";

/** One way in which the world is no longer what a saved plan was made from. */
interface PlanDifference {
  /** Absent when it is about the plan as a whole. */
  readonly step?: StepId;
  /** A statement: "was satisfied, now needs: update file /etc/hosts". */
  readonly difference: string;
}

/** How many differences are spelled out in the problem. */
const shownDifferences = 10;

/**
 * What a saved plan would now do that it did not show. Doing less is no difference: a step that was needed and is
 * satisfied now has been done, by an earlier run of the same plan or by hand; one that was unknown was shown as such.
 */
function comparePlans(saved: Plan, fresh: Plan): PlanDifference[] {
  const differences: PlanDifference[] = [];
  for (const field of ["cluster", "intention", "specDigest"] as const)
    if (saved[field] !== fresh[field]) differences.push({ difference: `${fieldText[field]} is another one` });
  const savedSteps = new Map(saved.steps.map((step) => [step.id, step]));
  const lost = new Map(fresh.unreachable.map(({ host, problem }) => [host, problem]));
  const wereLost = new Set(saved.unreachable.map(({ host }) => host));
  for (const host of lost.keys())
    if (!wereLost.has(host)) differences.push({ difference: `${host} cannot be reached any more` });
  for (const now of fresh.steps) {
    const was = savedSteps.get(now.id);
    savedSteps.delete(now.id);
    const difference = was === undefined ? "was not in the plan" : stepDifference(was, now);
    if (difference !== undefined) differences.push({ step: now.id, difference });
  }
  for (const was of savedSteps.values())
    if (!lost.has(was.on)) differences.push({ step: was.id, difference: "is no longer part of it" });
  return differences;
}

/** Throws `plan/changed-since`, naming what differs, unless the saved plan still does exactly what it showed. */
export function requireUnchanged(saved: Plan, fresh: Plan): void {
  const differences = comparePlans(saved, fresh);
  if (differences.length > 0) throw new ProblemError(changedSince(saved, differences));
}

const fieldText = { cluster: "the cluster", intention: "the intention", specDigest: "the cluster file" } as const;

function stepDifference(was: PlannedStep, now: PlannedStep): string | undefined {
  if (now.state === "satisfied") return undefined;
  if (now.state === "refused") return was.state === "refused" ? undefined : `is now refused: ${now.problem.message}`;
  if (was.state === "unknown") return undefined;
  if (now.state === "unknown") return `was ${was.state}, and cannot be known now: ${now.because}`;
  if (was.state !== "needed") return `was ${was.state}, now needs: ${now.changes.map(changeText).join(", ")}`;
  const unplanned = unplannedChanges(was.changes, now.changes, false);
  return unplanned.length === 0 ? undefined : `now needs otherwise: ${unplanned.map(changeText).join(", ")}`;
}

function changedSince(saved: Plan, differences: readonly PlanDifference[]): Problem {
  const shown = differences.slice(0, shownDifferences);
  const texts = shown.map((one) => (one.step === undefined ? one.difference : `${one.step} ${one.difference}`));
  const more = differences.length - shown.length;
  if (more > 0) texts.push(`and ${more} more`);
  return {
    code: "plan/changed-since",
    severity: "error",
    message: `the plan of ${saved.madeAt} no longer shows what would be done`,
    because: texts.join("; "),
    hint: { text: "make and read a new plan", command: "slipway plan --out plan.json" },
  };
}
