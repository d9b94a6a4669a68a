import { type Problem, ProblemError } from "../problems/problem.ts";
import type { Step, StepId } from "./step.ts";

/** Steps that are known to have unique ids, existing dependencies and no cycle. */
export interface Graph {
  /** Every step after all the steps it comes after; otherwise in the order given. */
  readonly order: readonly Step[];
  readonly byId: ReadonlyMap<StepId, Step>;
  /** Who comes directly after a step; no entry when nobody does. */
  readonly dependents: ReadonlyMap<StepId, readonly StepId[]>;
}

/** Ids a step may come after though they are not among the steps: left out on purpose, by `--limit` or `--through`. */
export type OutsideIds = { has(id: StepId): boolean };

/** At most this many ids of a cycle are spelled out. */
const shownCycleLength = 12;

/**
 * Checks the graph before the first command, in linear time. Throws a ProblemError with every
 * `engine/duplicate-step` and `engine/unknown-dependency`, or else with one `engine/cycle` that names a cycle.
 */
export function validateGraph(steps: readonly Step[], outside: OutsideIds = new Set<StepId>()): Graph {
  const byId = new Map<StepId, Step>();
  const problems: Problem[] = [];
  for (const step of steps) {
    if (byId.has(step.id)) problems.push(duplicateStep(step.id));
    byId.set(step.id, step);
  }
  const dependents = new Map<StepId, StepId[]>();
  const waitsFor = new Map<StepId, number>();
  for (const step of byId.values()) {
    let count = 0;
    for (const dependency of new Set(step.after)) {
      if (byId.has(dependency)) {
        count += 1;
        const others = dependents.get(dependency);
        if (others === undefined) dependents.set(dependency, [step.id]);
        else others.push(step.id);
      } else if (!outside.has(dependency)) problems.push(unknownDependency(step.id, dependency));
    }
    waitsFor.set(step.id, count);
  }
  const [first, ...rest] = problems;
  if (first !== undefined) throw new ProblemError([first, ...rest]);

  const order = sort(byId, dependents, waitsFor);
  if (order.length < byId.size) throw new ProblemError(cycleProblem(findCycle(byId, waitsFor)));
  return { order, byId, dependents };
}

/** Kahn's algorithm; `waitsFor` is left above zero for exactly the steps in or behind a cycle. */
function sort(
  byId: ReadonlyMap<StepId, Step>,
  dependents: ReadonlyMap<StepId, readonly StepId[]>,
  waitsFor: Map<StepId, number>,
): Step[] {
  const order: Step[] = [];
  for (const step of byId.values()) if (waitsFor.get(step.id) === 0) order.push(step);
  // `order` grows while it is walked: it is the queue as well as the answer.
  for (const step of order) {
    for (const id of dependents.get(step.id) ?? []) {
      const left = (waitsFor.get(id) ?? 0) - 1;
      waitsFor.set(id, left);
      const dependent = byId.get(id);
      if (left === 0 && dependent !== undefined) order.push(dependent);
    }
  }
  return order;
}

/** Every step that still waits has a dependency that still waits, so walking backwards must come round. */
function findCycle(byId: ReadonlyMap<StepId, Step>, waitsFor: ReadonlyMap<StepId, number>): StepId[] {
  const waits = (id: StepId) => (waitsFor.get(id) ?? 0) > 0;
  const path: StepId[] = [];
  const seenAt = new Map<StepId, number>();
  let current = [...byId.keys()].find(waits);
  while (current !== undefined) {
    const at = seenAt.get(current);
    if (at !== undefined) return path.slice(at);
    seenAt.set(current, path.length);
    path.push(current);
    current = byId.get(current)?.after.find(waits);
  }
  return path;
}

function duplicateStep(id: StepId): Problem {
  return {
    code: "engine/duplicate-step",
    severity: "error",
    message: `step ${id} is there more than once`,
    because: "step ids are unique within a plan, the journal is keyed by them",
    where: { step: id },
  };
}

function unknownDependency(id: StepId, dependency: StepId): Problem {
  return {
    code: "engine/unknown-dependency",
    severity: "error",
    message: `step ${id} comes after ${dependency}, which is not in the plan`,
    where: { step: id },
  };
}

function cycleProblem(cycle: readonly StepId[]): Problem {
  const shown = cycle.slice(0, shownCycleLength);
  const tail = cycle.length > shown.length ? [`... (${cycle.length - shown.length} more)`] : [];
  const [first] = cycle;
  return {
    code: "engine/cycle",
    severity: "error",
    message: `step ${first} waits for itself`,
    because: [...shown, ...tail, first].join(" after "),
    ...(first !== undefined && { where: { step: first } }),
  };
}
