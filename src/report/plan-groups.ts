import type { Plan, PlannedStep } from "../engine/plan.ts";
import type { Change } from "../engine/step.ts";
import { hostPattern } from "../problems/host-pattern.ts";
import type { Problem } from "../problems/problem.ts";

/** One change and the hosts it is equal on. `what` may hold `hostMark` where each host's own name stands. */
export interface ChangeGroup {
  readonly change: Change;
  readonly what: string;
  readonly members: string[];
}

/** Steps of one kind in one phase: the same title but for the host's name, the same answer of the check. */
export interface StepGroup {
  readonly state: "needed" | "unknown" | "refused";
  /** Title with `hostMark` where the host's own name stands. */
  readonly title: string;
  readonly impact: PlannedStep["impact"];
  /** Hosts (or what cluster steps are about), in plan order; "cluster" when a step is about nothing smaller. */
  readonly members: string[];
  readonly changes: ChangeGroup[];
  /** Unknown steps: title of the step that must run first, and why. */
  readonly until: string;
  readonly because: string;
  readonly problems: Problem[];
}

/** A phase with something to say, in plan order. */
export interface PhaseGroup {
  readonly phase: string;
  readonly steps: readonly StepGroup[];
}

/** Stands for the host's own name. A control character: `withHostMark` takes any other out of the text first. */
export const hostMark = "\u0001";

/** The host, or for a cluster step what its id is about, or "cluster". */
function memberOf(step: PlannedStep): string {
  if (step.on !== "cluster") return step.on;
  const subject = step.id.slice(step.id.indexOf("/") + 1);
  return subject !== step.id && hostPattern(subject).test(step.title) ? subject : "cluster";
}

/**
 * Folds a plan for people: steps that differ only in the host become one group, equal changes in it one entry with the
 * hosts they are for. Nothing is left out except satisfied steps. Time and memory grow linearly with the plan.
 */
export function groupPlan(plan: Plan): PhaseGroup[] {
  const titles = new Map(plan.steps.map((step) => [step.id, step.title]));
  const phases = new Map<string, Map<string, Entry>>();
  const patterns = new Map<string, RegExp>();
  // Diffs are long: equal ones get one number, so that keys stay short.
  const diffs = new Map<string, number>();
  const numberOf = (diff: string | undefined): number =>
    diff === undefined ? -1 : orMade(diffs, diff, () => diffs.size);

  for (const step of plan.steps) {
    if (step.state === "satisfied") continue;
    const member = memberOf(step);
    const own = orMade(patterns, member, () => hostPattern(member));
    const marked = (text: string): string => {
      const clean = text.replaceAll(hostMark, "\u0002");
      return member === "cluster" ? clean : clean.replaceAll(own, hostMark);
    };

    const { state, impact } = step;
    const title = marked(step.title);
    const until = state === "unknown" ? marked(titles.get(step.until) ?? step.until) : "";
    const because = state === "unknown" ? marked(step.because) : "";
    const isCluster = member === "cluster";
    const key = JSON.stringify([state, step.id.split("/", 1), title, impact, until, because, isCluster]);
    const entry = orMade(
      orMade(phases, step.phase, () => new Map<string, Entry>()),
      key,
      () => ({
        group: { state, title, impact, members: [], changes: [], until, because, problems: [] },
        changes: new Map(),
      }),
    );
    entry.group.members.push(member);
    if (state === "refused") entry.group.problems.push(step.problem);
    if (state === "needed")
      for (const change of step.changes) addChange(entry, change, marked(change.what), numberOf(change.diff), member);
  }
  return [...phases].map(([phase, entries]) => ({ phase, steps: [...entries.values()].map((entry) => entry.group) }));
}

interface Entry {
  readonly group: StepGroup;
  readonly changes: Map<string, ChangeGroup>;
}

function orMade<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function addChange(entry: Entry, change: Change, what: string, diff: number, member: string): void {
  const key = JSON.stringify([change.verb, what, change.from, change.to, change.because, diff]);
  const group = orMade(entry.changes, key, () => {
    const made: ChangeGroup = { change, what, members: [] };
    entry.group.changes.push(made);
    return made;
  });
  group.members.push(member);
}
