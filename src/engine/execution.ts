import type { Problem } from "../problems/problem.ts";
import type { ClusterLock } from "./cluster-lock.ts";
import type { EventStream } from "./event-stream.ts";
import type { Outcome } from "./events.ts";
import type { Graph } from "./graph.ts";
import { isIrreversible } from "./is-irreversible.ts";
import type { Plan } from "./plan.ts";
import type { RunOptions, RunResult } from "./run-options.ts";
import { RunState } from "./run-state.ts";
import { Scheduler } from "./scheduler.ts";
import type { Step, StepId } from "./step.ts";
import { leaveNow, problemOf, runStep, type StepEnd, yielded } from "./step-run.ts";
import { lockLostProblem, runDeadlineProblem } from "./stop-problems.ts";
import type { World } from "./world.ts";

const defaultMaxRunning = 64;
/** How long aborted steps may take to stop and release when the run is left. */
const leaveGraceMs = 10_000;
/** How long steps that are not cut in the middle may go on when the run is left. The cluster lock is kept until then. */
const irreversibleGraceMs = 60_000;

/** Why nothing new is started. */
type Stop =
  | { readonly kind: "failure"; readonly root: StepId }
  | { readonly kind: "interrupt" }
  | { readonly kind: "problem"; readonly problem: Problem };

/** One carrying-out of a plan, from the first step to the last. Used once. */
export class Execution {
  readonly #graph: Graph;
  readonly #plan: Plan;
  readonly #world: World;
  readonly #options: RunOptions;
  readonly #events: EventStream;
  readonly #lock: ClusterLock | undefined;
  readonly #state: RunState;
  readonly #scheduler: Scheduler;
  readonly #running = new Map<Step, AbortController>();
  /** Steps that have let others go first. */
  readonly #yielded = new Set<Step>();
  readonly #problems: Problem[] = [];
  readonly #failed: StepId[] = [];
  readonly #changing = new Set<StepId>();
  readonly #over = new AbortController();
  #stop: Stop | undefined;
  #interrupted: RunResult["interrupted"];
  #finished: () => void = () => undefined;

  constructor(
    graph: Graph,
    plan: Plan,
    world: World,
    options: RunOptions,
    events: EventStream,
    lock: ClusterLock | undefined,
  ) {
    this.#graph = graph;
    this.#plan = plan;
    this.#world = world;
    this.#options = options;
    this.#events = events;
    this.#lock = lock;
    this.#state = new RunState(graph, plan);
    const limits = { running: options.maxRunning ?? defaultMaxRunning, perHost: options.perHost ?? 1 };
    this.#scheduler = new Scheduler(limits, world.random);
  }

  async run(startedMs: number): Promise<RunResult> {
    const finished = new Promise<void>((resolve) => {
      this.#finished = resolve;
    });
    const unlisten = this.#listen();
    this.#failUnreachable();
    this.#ready(this.#state.first());
    this.#pump();
    await finished;
    this.#over.abort();
    unlisten();
    return this.#result(startedMs);
  }

  /** Steps whose turn has come: run, or passed over when the plan found them satisfied and nothing has changed that. */
  #ready(steps: readonly Step[]): void {
    const queue = [...steps];
    for (const step of queue) {
      const planned = this.#state.planned(step.id);
      // On a host that could not be reached; it has an outcome, or the root of it.
      if (planned === undefined) continue;
      if (planned.state === "refused")
        queue.push(...this.#end(step, { outcome: { outcome: "refused", problem: planned.problem } }, 0));
      else if (planned.state === "satisfied" && !this.#state.isTouched(step.id))
        queue.push(...this.#state.end(step, { outcome: "satisfied", because: planned.because }));
      else this.#scheduler.add(step);
    }
  }

  #pump(): void {
    while (this.#stop === undefined) {
      const step = this.#scheduler.next();
      if (step === undefined) break;
      this.#launch(step);
    }
    if (this.#running.size === 0) this.#finished();
  }

  #launch(step: Step): void {
    const planned = this.#state.planned(step.id);
    if (planned === undefined) return;
    const controller = new AbortController();
    this.#running.set(step, controller);
    const startedMs = this.#world.clock.elapsedMs();
    const ended = runStep(step, {
      world: this.#world,
      events: this.#events,
      planned,
      touched: this.#state.isTouched(step.id),
      exactly: this.#options.exactly ?? false,
      leave: controller.signal,
      requireLock: () => this.#lock?.requireKept(),
      changing: () => this.#changing.add(step.id),
      mayYield: () => !this.#yielded.has(step) && this.#scheduler.isAwaited(step),
      heldBack: () => (this.#stop === undefined ? undefined : this.#outcomeOfOpen(step)),
    });
    ended
      .catch((error: unknown): StepEnd => ({ outcome: { outcome: "failed", problem: problemOf(error, step) } }))
      .then((end) => {
        // Left behind by leaving: the result has been given.
        if (!this.#running.delete(step)) return;
        if (end === yielded) {
          this.#yielded.add(step);
          this.#scheduler.setAside(step);
          this.#pump();
          return;
        }
        this.#scheduler.finish(step);
        this.#ready(this.#end(step, end, Math.round(this.#world.clock.elapsedMs() - startedMs)));
        this.#pump();
      })
      .catch((error: unknown) => {
        this.#problems.push(problemOf(error, step));
        this.#stop ??= { kind: "failure", root: step.id };
        this.#pump();
      });
  }

  #end(step: Step, { outcome, releaseProblem }: StepEnd, durationMs: number): Step[] {
    const ready = this.#state.end(step, outcome);
    const wasPassedOver = outcome.outcome === "satisfied" && this.#state.planned(step.id)?.state === "satisfied";
    if (!wasPassedOver)
      this.#events.emit({
        type: "step-finished",
        step: step.id,
        durationMs,
        ...(releaseProblem && { releaseProblem }),
        ...outcome,
      });
    if ("problem" in outcome) {
      this.#failed.push(step.id);
      this.#problems.push(outcome.problem);
      if (this.#options.onFailure !== "continue" || isOurDisk(outcome.problem))
        this.#stop ??= { kind: "failure", root: step.id };
    }
    if (releaseProblem !== undefined) this.#problems.push(releaseProblem);
    return ready;
  }

  /** With "continue": the first step of each lost host carries its problem, the others never start because of it. */
  #failUnreachable(): void {
    const lost = new Map(this.#plan.unreachable.map((one) => [one.host, one.problem]));
    const roots = new Map<string, StepId>();
    for (const step of this.#graph.order) {
      const problem = lost.get(step.on);
      if (problem === undefined) continue;
      const root = roots.get(step.on);
      if (root === undefined) this.#end(step, { outcome: { outcome: "failed", problem } }, 0);
      else this.#state.neverStarts(step.id, root);
      roots.set(step.on, root ?? step.id);
    }
  }

  #listen(): () => void {
    const { interrupt, withinMs } = this.#options;
    const finishRunning = () => this.#interrupt("finish-running");
    const leave = () => this.#leave();
    const lockLost = () => this.#stopBecause(lockLostProblem(this.#lock?.lost.reason));
    const pairs = [
      [interrupt?.finishRunning, finishRunning],
      [interrupt?.leaveNow, leave],
      [this.#lock?.lost, lockLost],
    ] as const;
    for (const [signal, listener] of pairs) {
      if (signal?.aborted) listener();
      else signal?.addEventListener("abort", listener, { once: true });
    }
    if (withinMs !== undefined) void this.#endAfter(withinMs);
    return () => {
      for (const [signal, listener] of pairs) signal?.removeEventListener("abort", listener);
    };
  }

  async #endAfter(withinMs: number): Promise<void> {
    await this.#world.clock.sleep(withinMs, this.#over.signal);
    if (!this.#over.signal.aborted) this.#stopBecause(runDeadlineProblem(withinMs));
  }

  #stopBecause(problem: Problem): void {
    if (this.#stop === undefined) this.#stop = { kind: "problem", problem };
    this.#problems.push(problem);
    this.#pump();
  }

  #interrupt(how: "finish-running" | "leave-now"): void {
    this.#stop ??= { kind: "interrupt" };
    this.#interrupted = how;
    this.#events.emit({ type: "run-interrupted", how });
    this.#pump();
  }

  #leave(): void {
    for (const [step, controller] of this.#running) if (!isIrreversible(step)) controller.abort(leaveNow);
    this.#interrupt("leave-now");
    void this.#abandonLate();
  }

  async #abandonLate(): Promise<void> {
    await this.#world.clock.sleep(leaveGraceMs, this.#over.signal);
    this.#abandon((step) => !isIrreversible(step));
    await this.#world.clock.sleep(irreversibleGraceMs - leaveGraceMs, this.#over.signal);
    this.#abandon(() => true);
  }

  /** Waits no longer for what still runs; it can change nothing more. */
  #abandon(isAbandoned: (step: Step) => boolean): void {
    for (const [step, controller] of this.#running) {
      if (!isAbandoned(step)) continue;
      this.#running.delete(step);
      controller.abort(leaveNow);
      this.#end(step, { outcome: { outcome: "cancelled" } }, 0);
    }
    this.#pump();
  }

  #result(startedMs: number): RunResult {
    const open = new Map<Step, Outcome>();
    // All are decided before the first is ended: ending one makes it the root of those behind it.
    for (const step of this.#state.open()) open.set(step, this.#outcomeOfLeft(step));
    for (const [step, outcome] of open) this.#end(step, { outcome }, 0);
    const count = (kind: Outcome["outcome"]) =>
      [...this.#state.outcomes.values()].filter((one) => one.outcome === kind).length;
    return {
      run: this.#options.run,
      outcomes: this.#state.outcomes,
      applied: count("applied"),
      satisfied: count("satisfied"),
      failed: this.#failed,
      changing: this.#changing.size,
      notStarted: count("not-started"),
      cancelled: count("cancelled"),
      ...(this.#interrupted !== undefined && { interrupted: this.#interrupted }),
      problems: this.#problems,
      durationMs: Math.round(this.#world.clock.elapsedMs() - startedMs),
    };
  }

  /** A step that nobody planned, and that was not looked at again, is what the plan says: it is no work that is left. */
  #outcomeOfLeft(step: Step): Outcome {
    const planned = this.#state.planned(step.id);
    if (planned?.state === "satisfied" && !this.#yielded.has(step))
      return { outcome: "satisfied", because: planned.because };
    return this.#outcomeOfOpen(step);
  }

  #outcomeOfOpen(step: Step): Outcome {
    const planned = this.#state.planned(step.id);
    if (planned?.state === "satisfied" && !this.#state.isTouched(step.id))
      return { outcome: "satisfied", because: planned.because };
    const stopRoot = this.#stop?.kind === "failure" ? this.#stop.root : undefined;
    const root = this.#state.rootOf(step.id) ?? stopRoot;
    const isCancelled = root === undefined || this.#state.outcomes.get(root)?.outcome === "cancelled";
    return isCancelled ? { outcome: "cancelled" } : { outcome: "not-started", root };
  }
}

/** What cannot be journalled is not done, whatever the failure mode. */
function isOurDisk(problem: Problem): boolean {
  return problem.code.startsWith("state/");
}
