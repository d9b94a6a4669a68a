import type { Outcome, RunEvent, StepSummary } from "../engine/events.ts";
import type { Problem } from "../problems/problem.ts";

/** A step that was started and has not finished. Times are milliseconds since the epoch. */
export interface RunningStep {
  readonly step: StepSummary;
  readonly startedMs: number;
  attempt: number;
  /** What the step is doing right now: "waiting for etcd member cp-2 to be started: no answer yet". */
  doing: string | undefined;
}

/** How far one phase is. */
export interface PhaseTally {
  readonly phase: string;
  readonly hosts: Set<string>;
  steps: number;
  finished: number;
  readonly outcomes: Record<Outcome["outcome"], number>;
  /** First start and last end of its steps, milliseconds since the epoch. */
  startedMs: number | undefined;
  endedMs: number | undefined;
}

/** A step that took long. */
export interface SlowStep {
  readonly step: StepSummary;
  readonly durationMs: number;
}

/** A step that did not end well, or could not give back what it had borrowed. */
export interface StepProblem {
  readonly step: StepSummary;
  readonly outcome: "failed" | "unverified" | "refused" | "not-released";
  readonly problem: Problem;
}

const slowestKept = 5;

/** Counts of a run so far, kept from its events at a cost per event that does not grow with the run. */
export class RunTally {
  started: Extract<RunEvent, { type: "run-started" }> | undefined;
  ended: Extract<RunEvent, { type: "run-finished" }> | undefined;
  interrupted: "finish-running" | "leave-now" | undefined;
  lastMs = 0;
  finished = 0;
  readonly outcomes = noOutcomes();
  readonly phases = new Map<string, PhaseTally>();
  readonly running = new Map<string, RunningStep>();
  readonly problems: StepProblem[] = [];
  readonly slowest: SlowStep[] = [];
  readonly #steps = new Map<string, StepSummary>();

  /** Takes one event into account; returns the step it is about, if it is about one. */
  event(event: RunEvent): StepSummary | undefined {
    const atMs = Date.parse(event.at);
    if (Number.isFinite(atMs)) this.lastMs = Math.max(this.lastMs, atMs);
    switch (event.type) {
      case "run-started":
        this.started = event;
        for (const step of event.steps) this.#add(step);
        return undefined;
      case "run-said":
        return undefined;
      case "step-started": {
        if (event.summary !== undefined) this.#add(event.summary);
        const step = this.stepOf(event.step);
        const known = this.running.get(event.step);
        if (known !== undefined) {
          known.attempt = event.attempt;
          known.doing = undefined;
          return step;
        }
        this.running.set(event.step, { step, startedMs: this.lastMs, attempt: event.attempt, doing: undefined });
        const phase = this.#phase(step.phase);
        phase.startedMs ??= this.lastMs;
        return step;
      }
      case "step-said":
        return this.#doing(event.step, event.text);
      case "step-waiting":
        return this.#doing(event.step, `waiting for ${event.title}: ${event.because}`);
      case "step-changes":
      case "step-command":
        return this.stepOf(event.step);
      case "step-finished":
        return this.#finish(event);
      case "run-interrupted":
        this.interrupted = event.how;
        return undefined;
      case "run-finished":
        this.ended = event;
        return undefined;
      default:
        return neverEvent(event);
    }
  }

  /** Steps of the run, as announced when it started. */
  get total(): number {
    return this.#steps.size;
  }

  /** True when the run came to its end and every step in it was applied or satisfied. */
  get succeeded(): boolean {
    const good = this.outcomes.applied + this.outcomes.satisfied;
    return this.ended !== undefined && this.problems.length === 0 && good === this.finished && good === this.total;
  }

  /** What is known of a step; its id stands for the title when the run did not announce it. */
  stepOf(id: StepSummary["id"]): StepSummary {
    const known = this.#steps.get(id);
    if (known !== undefined) return known;
    const step: StepSummary = { id, title: id, phase: "other", on: "cluster", impact: "none" };
    this.#add(step);
    return step;
  }

  #add(step: StepSummary): void {
    if (this.#steps.has(step.id)) return;
    this.#steps.set(step.id, step);
    const phase = this.#phase(step.phase);
    phase.steps++;
    if (step.on !== "cluster") phase.hosts.add(step.on);
  }

  #phase(name: string): PhaseTally {
    let phase = this.phases.get(name);
    if (phase === undefined) {
      phase = {
        phase: name,
        hosts: new Set(),
        steps: 0,
        finished: 0,
        outcomes: noOutcomes(),
        startedMs: undefined,
        endedMs: undefined,
      };
      this.phases.set(name, phase);
    }
    return phase;
  }

  #doing(id: StepSummary["id"], text: string): StepSummary {
    const running = this.running.get(id);
    if (running !== undefined) running.doing = text;
    return this.stepOf(id);
  }

  #finish(event: Extract<RunEvent, { type: "step-finished" }>): StepSummary {
    const step = this.stepOf(event.step);
    const phase = this.#phase(step.phase);
    const ran = this.running.delete(event.step);
    this.finished++;
    this.outcomes[event.outcome]++;
    phase.finished++;
    phase.outcomes[event.outcome]++;
    if (ran) phase.endedMs = this.lastMs;
    if ("problem" in event) this.problems.push({ step, outcome: event.outcome, problem: event.problem });
    if (event.releaseProblem !== undefined)
      this.problems.push({ step, outcome: "not-released", problem: event.releaseProblem });
    if (ran && event.durationMs > (this.slowest[slowestKept - 1]?.durationMs ?? -1)) {
      const at = this.slowest.findIndex((slow) => slow.durationMs < event.durationMs);
      this.slowest.splice(at < 0 ? this.slowest.length : at, 0, { step, durationMs: event.durationMs });
      this.slowest.length = Math.min(this.slowest.length, slowestKept);
    }
    return step;
  }
}

function noOutcomes(): Record<Outcome["outcome"], number> {
  return { satisfied: 0, applied: 0, failed: 0, unverified: 0, refused: 0, "not-started": 0, cancelled: 0 };
}

function neverEvent(event: never): never {
  throw new Error(`An event of an unknown type: ${JSON.stringify(event)}`);
}
