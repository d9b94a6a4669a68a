import type {
  Change,
  Check,
  Condition,
  HostAct,
  HostLook,
  HostStep,
  Impact,
  LockName,
  NonEmpty,
  StepId,
  Verdict,
} from "../engine/step.ts";
import type { Fact } from "../facts/fact.ts";
import type { HostName } from "../hosts/port.ts";
import { ProblemError } from "../problems/problem.ts";
import { type Inspection, inspect } from "./inspection.ts";
import type { Comparison, Resource } from "./resource.ts";

/** Everything one part declares about one host. */
export interface HostState<F = undefined> {
  readonly id: StepId;
  readonly title: string;
  readonly phase: string;
  readonly on: HostName;
  readonly after: readonly StepId[];
  readonly locks?: readonly LockName[];
  /** Default "none". */
  readonly impact?: Impact;
  readonly tries?: number;
  /** Deadline of apply. */
  readonly withinMs?: number;
  /** What has to be known of the host before it can be said what belongs on it, e.g. its distribution. */
  readonly needs?: Fact<F>;
  /**
   * In the order they are made. The function has to be pure and, for equal facts, should return the same array: what is
   * rendered once is then shared by all hosts.
   */
  readonly resources: readonly Resource[] | ((facts: F) => readonly Resource[]);
  /** Beyond "everything is as declared"; the check looks at them too. */
  readonly conditions?: readonly Condition<HostLook>[];
  release?(act: HostAct): Promise<void>;
}

/** How long what was declared may take to be so after it was made: services start, and are looked at again. */
const settlesWithinMs = 60_000;
const looksEveryMs = 1_000;

/**
 * One step that makes a host as declared. Its check costs one round trip (two with `needs`), and one more only when
 * something differs. Resources are made in order; after a command ran, the remaining ones are looked at again, so a
 * package may bring the unit that a later resource starts.
 */
export function hostStateStep<F = undefined>(state: HostState<F>): HostStep<Inspection> {
  const conditions = state.conditions ?? [];
  const look = async (at: HostLook | HostAct): Promise<Inspection> =>
    inspect(at, state.id, await resourcesOf(state, at));
  const asDeclared: Condition<HostLook> = {
    title: `everything declared by "${state.title}" to hold`,
    everyMs: looksEveryMs,
    withinMs: settlesWithinMs,
    holds: async (at) => verdictOf(await look(at)),
  };
  const verify: NonEmpty<Condition<HostLook>> = [asDeclared, ...conditions];
  return {
    id: state.id,
    title: state.title,
    phase: state.phase,
    on: state.on,
    after: state.after,
    impact: state.impact ?? "none",
    ...(state.locks === undefined ? {} : { locks: state.locks }),
    ...(state.tries === undefined ? {} : { tries: state.tries }),
    ...(state.withinMs === undefined ? {} : { withinMs: state.withinMs }),
    ...(state.release === undefined ? {} : { release: state.release }),
    verify,
    async check(at) {
      const [inspection, ...verdicts] = await Promise.all([look(at), ...conditions.map((one) => one.holds(at))]);
      return checkOf(state.id, inspection, conditions, verdicts);
    },
    async apply(act, found) {
      const ranSomething = await makeAll(act, state.id, found);
      // A command may have undone what an earlier resource made (a package's script that resets a mode): one more pass.
      if (ranSomething) await makeAll(act, state.id, await look(act));
    },
  };
}

async function resourcesOf<F>(state: HostState<F>, at: HostLook | HostAct): Promise<readonly Resource[]> {
  const { resources, needs } = state;
  if (typeof resources !== "function") return resources;
  if (needs === undefined) throw new Error(`${state.id} has resources that depend on facts, and names no facts`);
  return resources(await at.fact(needs));
}

function checkOf(
  step: StepId,
  inspection: Inspection,
  conditions: readonly Condition<HostLook>[],
  verdicts: readonly Verdict[],
): Check<Inspection> {
  const changes: Change[] = [];
  let waiting: { until: StepId; because: string } | undefined;
  let ownUnknown: string | undefined;
  for (const [index, comparison] of inspection.comparisons.entries()) {
    if (comparison.state === "different") changes.push(...comparison.changes);
    if (comparison.state !== "unknown") continue;
    const what = inspection.resources[index]?.key ?? "";
    if (comparison.until === undefined) ownUnknown ??= `${what}: ${comparison.because}`;
    else waiting ??= { until: comparison.until, because: `${what}: ${comparison.because}` };
    changes.push({ verb: "update", what, because: comparison.because });
  }
  const somethingDiffers = inspection.comparisons.some((one) => one.state === "different");
  if (!somethingDiffers && waiting !== undefined) return { state: "unknown", ...waiting };
  if (!somethingDiffers && ownUnknown !== undefined) throw neverKnown(step, ownUnknown);
  for (const [index, verdict] of verdicts.entries()) {
    if (verdict.state === "never" && !somethingDiffers) return { state: "refused", problem: verdict.problem };
    const title = conditions[index]?.title ?? "";
    const because = verdict.state === "not-yet" ? verdict.because : "";
    if (verdict.state === "not-yet" && !somethingDiffers)
      changes.push({ verb: "run", what: `wait for ${title}`, because });
  }
  const [first, ...rest] = changes;
  if (first !== undefined) return { state: "needed", found: inspection, changes: [first, ...rest] };
  return { state: "satisfied", because: satisfiedBecause(inspection) };
}

function satisfiedBecause(inspection: Inspection): string {
  const count = inspection.resources.length;
  const notes = inspection.comparisons.flatMap((one) =>
    one.state === "same" && one.note !== undefined ? [one.note] : [],
  );
  const text =
    count === 1 ? `${inspection.resources[0]?.key} is as declared` : `all ${count} resources are as declared`;
  return [text, ...notes].join("; ");
}

/** Makes what differs, in order. Returns whether a command ran, so that what was seen before may be out of date. */
async function makeAll(act: HostAct, step: StepId, found: Inspection): Promise<boolean> {
  const { resources } = found;
  const made = new Set<string>();
  let comparisons = found.comparisons;
  let outOfDate = false;
  let ranSomething = false;
  for (const [index, resource] of resources.entries()) {
    if (outOfDate) {
      const rest = resources.slice(index);
      const again = await inspect(act, step, rest, made);
      comparisons = [...comparisons.slice(0, index), ...again.comparisons];
      outOfDate = false;
    }
    const comparison = comparisons[index];
    if (comparison === undefined || comparison.state === "same") continue;
    if (comparison.state === "read-more") throw new Error(`${resource.key} was left with unanswered reads`);
    if (comparison.state === "unknown") throw neverKnown(step, `${resource.key}: ${comparison.because}`);
    outOfDate = await make(act, comparison);
    ranSomething ||= outOfDate;
    if (comparison.quiet !== true) made.add(resource.key);
  }
  return ranSomething;
}

/** Writes and removals change nothing but their path; anything else may change what later resources saw. */
async function make(act: HostAct, comparison: Comparison & { state: "different" }): Promise<boolean> {
  if (typeof comparison.make === "function") {
    await comparison.make(act);
    return true;
  }
  for (const change of comparison.make) await act.change(change);
  return comparison.make.some((change) => change.kind === "run");
}

function verdictOf(inspection: Inspection): Verdict {
  const left = inspection.comparisons.flatMap((comparison, index) => {
    if (comparison.state === "different") return comparison.changes.map(shortly);
    if (comparison.state === "unknown") return [`${inspection.resources[index]?.key}: ${comparison.because}`];
    return [];
  });
  return left.length === 0 ? { state: "met" } : { state: "not-yet", because: left.slice(0, 3).join("; ") };
}

function shortly(change: Change): string {
  const fromTo =
    change.from === undefined && change.to === undefined ? "" : ` ${change.from ?? "absent"} → ${change.to ?? ""}`;
  return `${change.what}${fromTo}${change.because === undefined ? "" : ` (${change.because})`}`;
}

function neverKnown(step: StepId, because: string): ProblemError {
  return new ProblemError({
    code: "host/state-unknown",
    severity: "error",
    message: `what "${step}" declares cannot be compared with the host`,
    because,
  });
}
