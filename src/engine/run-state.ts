import type { Outcome } from "./events.ts";
import type { Graph } from "./graph.ts";
import type { Plan, PlannedStep } from "./plan.ts";
import type { Step, StepId } from "./step.ts";

/** True for an outcome that lets the steps that come after go on. */
function isDone(outcome: Outcome): boolean {
  return outcome.outcome === "satisfied" || outcome.outcome === "applied";
}

/**
 * How far a run has come: which steps are ready, which will never be, and which rest on something this run changed.
 * Pure bookkeeping; every edge of the graph is looked at once.
 */
export class RunState {
  readonly outcomes = new Map<StepId, Outcome>();
  readonly #graph: Graph;
  readonly #planned: ReadonlyMap<StepId, PlannedStep>;
  readonly #waitsFor = new Map<StepId, number>();
  readonly #touched = new Set<StepId>();
  /** The failed step because of which a step can never start. */
  readonly #root = new Map<StepId, StepId>();

  constructor(graph: Graph, plan: Plan) {
    this.#graph = graph;
    this.#planned = new Map(plan.steps.map((step) => [step.id, step]));
    for (const step of graph.order) {
      const known = new Set(step.after);
      this.#waitsFor.set(step.id, [...known].filter((id) => graph.byId.has(id)).length);
    }
  }

  planned(id: StepId): PlannedStep | undefined {
    return this.#planned.get(id);
  }

  /** A direct dependency was applied by this run, or one on the same host rests on such a change. */
  isTouched(id: StepId): boolean {
    return this.#touched.has(id);
  }

  rootOf(id: StepId): StepId | undefined {
    return this.#root.get(id);
  }

  /** Steps that come after nothing. */
  first(): Step[] {
    return this.#graph.order.filter((step) => this.#waitsFor.get(step.id) === 0);
  }

  /** Notes how a step ended. Returns the steps that became ready. */
  end(step: Step, outcome: Outcome): Step[] {
    this.outcomes.set(step.id, outcome);
    if (!isDone(outcome)) {
      this.#cutOff(step.id, step.id);
      return [];
    }
    const ready: Step[] = [];
    for (const id of this.#graph.dependents.get(step.id) ?? []) {
      const dependent = this.#graph.byId.get(id);
      if (dependent === undefined) continue;
      const isPassedOn = this.#touched.has(step.id) && dependent.on === step.on;
      if (outcome.outcome === "applied" || isPassedOn) this.#touched.add(id);
      const left = (this.#waitsFor.get(id) ?? 0) - 1;
      this.#waitsFor.set(id, left);
      if (left === 0 && !this.#root.has(id)) ready.push(dependent);
    }
    return ready;
  }

  /** Steps without an outcome, in order. */
  open(): Step[] {
    return this.#graph.order.filter((step) => !this.outcomes.has(step.id));
  }

  /** Neither the step nor anything that comes after it can start any more, because of the root. */
  neverStarts(id: StepId, root: StepId): void {
    if (!this.#root.has(id)) this.#root.set(id, root);
    this.#cutOff(id, root);
  }

  #cutOff(from: StepId, root: StepId): void {
    const queue = [from];
    for (const id of queue) {
      for (const dependent of this.#graph.dependents.get(id) ?? []) {
        if (this.#root.has(dependent)) continue;
        this.#root.set(dependent, root);
        queue.push(dependent);
      }
    }
  }
}
