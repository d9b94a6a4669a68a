import { type Problem, ProblemError } from "../problems/problem.ts";
import { clearDeadLock, takeClusterLock } from "./cluster-lock.ts";
import { EventStream } from "./event-stream.ts";
import type { RunEventBody } from "./events.ts";
import { Execution } from "./execution.ts";
import { type Graph, validateGraph } from "./graph.ts";
import { maskTexts } from "./mask-texts.ts";
import type { Plan } from "./plan.ts";
import type { RunOptions, RunResult } from "./run-options.ts";
import type { Step } from "./step.ts";
import type { World } from "./world.ts";

/** True when carrying the plan out would change anything, as far as can be known. */
export function hasWork(plan: Plan): boolean {
  return plan.steps.some((step) => step.state !== "satisfied") || plan.unreachable.length > 0;
}

/**
 * Carries out a plan: takes the cluster lock, starts each step when all it comes after is done, checks it again right
 * before it acts, and gives the lock back whatever happens.
 *
 * Runs only what the plan calls needed or unknown. A step the plan calls satisfied is passed over, unless a direct
 * dependency was applied by this run (or, on the same host, rests on such a change): then it is checked again, and
 * applied if it has come undone.
 *
 * Throws a ProblemError before anything is changed when the plan holds refused steps or unreachable hosts (unless
 * `onFailure` is "continue"), when it is not a plan of these steps, or when the lock cannot be had. Everything later is
 * in the result. A plan with nothing to do takes no lock and emits no event; it only clears a lock whose run was killed.
 */
export async function run(steps: readonly Step[], plan: Plan, world: World, options: RunOptions): Promise<RunResult> {
  const graph = validateGraph(steps, options.outside);
  requireSameSteps(graph, plan);
  if (options.onFailure !== "continue") requireNothingInTheWay(plan);
  const startedMs = world.clock.elapsedMs();
  const events = new EventStream(options.run, world, options.journal, options.listener);
  if (!hasWork(plan)) {
    await clearDeadLock(plan.cluster, options.run, world, options.lock);
    return await new Execution(graph, plan, world, options, events, undefined).run(startedMs);
  }

  const said: string[] = [];
  const lock = await takeClusterLock(plan.cluster, options.run, world, options.lock, (text) => said.push(text));
  const left: Problem[] = [];
  try {
    events.emit(runStarted(plan, options));
    for (const text of said) events.emit({ type: "run-said", text });
    // Nothing is started when even this cannot be written.
    await events.synced();
    const result = await new Execution(graph, plan, world, options, events, lock).run(startedMs);
    const { connections, roundTrips } = world.hosts.usage();
    const { failed, notStarted, applied, durationMs } = result;
    events.emit({ type: "run-finished", failed, notStarted, applied, durationMs, connections, roundTrips });
    left.push(...(await journalProblem(events, result.problems)));
    left.push(...(await lock.release()));
    return maskResult({ ...result, problems: [...result.problems, ...left] }, world);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** What is shown of the result at the end is as free of secrets as the events were. */
function maskResult(result: RunResult, { mask }: World): RunResult {
  if (mask === undefined) return result;
  const outcomes = [...result.outcomes].map(([id, outcome]) => [id, maskTexts(outcome, mask)] as const);
  return { ...result, outcomes: new Map(outcomes), problems: maskTexts(result.problems, mask) };
}

function runStarted(plan: Plan, { by, version }: RunOptions): RunEventBody {
  const open = plan.steps.filter((step) => step.state !== "satisfied");
  return {
    type: "run-started",
    cluster: plan.cluster,
    intention: plan.intention,
    by,
    version,
    planDigest: plan.digest,
    steps: open.map(({ id, title, phase, on, impact }) => ({ id, title, phase, on, impact })),
    satisfied: plan.steps.length - open.length,
  };
}

/** That the end of the run is not in the journal is worth saying once, when it was not what stopped the run. */
async function journalProblem(events: EventStream, known: readonly Problem[]): Promise<Problem[]> {
  try {
    await events.synced();
    return [];
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return known.some((one) => one.code === error.problem.code) ? [] : [error.problem];
  }
}

function requireSameSteps(graph: Graph, plan: Plan): void {
  const planned = new Set(plan.steps.map((step) => step.id));
  const lost = new Set(plan.unreachable.map((one) => one.host));
  const absent = graph.order.filter((step) => !planned.has(step.id) && !lost.has(step.on));
  const strange = plan.steps.filter((step) => !graph.byId.has(step.id));
  const [first] = [...strange, ...absent];
  if (first === undefined) return;
  throw new ProblemError({
    code: "plan/changed-since",
    severity: "error",
    message: "the plan is not one of the steps to be run",
    because: `${absent.length} steps are not in it, ${strange.length} are only in it, the first of them ${first.id}`,
    hint: { text: "make and read a new plan", command: "slipway plan --out plan.json" },
  });
}

function requireNothingInTheWay(plan: Plan): void {
  const refused = plan.steps.flatMap((step) => (step.state === "refused" ? [step.problem] : []));
  const [first, ...rest] = [...plan.unreachable.map((one) => one.problem), ...refused];
  if (first !== undefined) throw new ProblemError([first, ...rest]);
}
