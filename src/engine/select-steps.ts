import { type Problem, ProblemError } from "../problems/problem.ts";
import { validateGraph } from "./graph.ts";
import type { Step, StepId } from "./step.ts";

export interface SelectOptions {
  /** All phases, in order. */
  readonly phases: readonly string[];
  /** `--through`: this phase and all before it. */
  readonly through?: string;
  /** `--limit`: steps on these hosts, and the cluster steps they come after. */
  readonly limit?: readonly string[];
  /** All hosts of the cluster. */
  readonly hosts: readonly string[];
  /** Exactly these steps, as a saved plan holds them; instead of `through` and `limit`. */
  readonly only?: ReadonlySet<StepId>;
}

export interface Selection {
  readonly steps: readonly Step[];
  /**
   * Steps left out that selected ones come after. Hand it to `makePlan` and `run`: the plan is refused when one of them
   * has something to do that a selected step needs.
   */
  readonly outside: ReadonlyMap<StepId, Step>;
}

/**
 * Picks the steps of a part of the work. Throws `usage/unknown-phase` or `usage/unknown-host`, each naming what there
 * is, and a ProblemError of `validateGraph` when the steps are no graph.
 */
export function selectSteps(steps: readonly Step[], options: SelectOptions): Selection {
  const { byId } = validateGraph(steps);
  requireKnown(options);
  const { only } = options;
  const chosen = steps.filter(only === undefined ? phaseFilter(options) : (step) => only.has(step.id));
  const kept = options.limit === undefined ? chosen : limitTo(chosen, byId, new Set(options.limit));
  const ids = new Set(kept.map((step) => step.id));
  const outside = new Map<StepId, Step>();
  for (const step of kept)
    for (const id of step.after) {
      const dependency = byId.get(id);
      if (dependency !== undefined && !ids.has(id)) outside.set(id, dependency);
    }
  return { steps: kept, outside };
}

function phaseFilter({ through, phases }: SelectOptions): (step: Step) => boolean {
  if (through === undefined) return () => true;
  const wanted = new Set(phases.slice(0, phases.indexOf(through) + 1));
  return (step) => wanted.has(step.phase);
}

/** Backwards from the steps on the hosts, through cluster steps; a step on another host ends the way. */
function limitTo(chosen: readonly Step[], byId: ReadonlyMap<StepId, Step>, hosts: ReadonlySet<string>): Step[] {
  const possible = new Set(chosen);
  const kept = new Set(chosen.filter((step) => hosts.has(step.on)));
  // `kept` grows while it is walked.
  for (const step of kept)
    for (const id of step.after) {
      const dependency = byId.get(id);
      if (dependency?.on === "cluster" && possible.has(dependency)) kept.add(dependency);
    }
  return chosen.filter((step) => kept.has(step));
}

function requireKnown({ phases, through, limit, hosts }: SelectOptions): void {
  const problems: Problem[] = [];
  if (through !== undefined && !phases.includes(through))
    problems.push({
      code: "usage/unknown-phase",
      severity: "error",
      message: `--through ${through}: there is no such phase`,
      because: `the phases are ${phases.join(", ")}`,
    });
  const known = new Set(hosts);
  for (const name of limit ?? [])
    if (!known.has(name))
      problems.push({
        code: "usage/unknown-host",
        severity: "error",
        message: `--limit ${name}: there is no such host in the cluster file`,
        because: `the hosts are ${shorten(hosts)}`,
      });
  const [first, ...rest] = problems;
  if (first !== undefined) throw new ProblemError([first, ...rest]);
}

function shorten(names: readonly string[]): string {
  const shown = names.slice(0, 20).join(", ");
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown;
}
