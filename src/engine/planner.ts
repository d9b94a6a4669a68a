import type { HostName } from "../hosts/port.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import { FactReader } from "./fact-reader.ts";
import { validateGraph } from "./graph.ts";
import { HostSignals } from "./host-signals.ts";
import { checkStep, isClusterStep, vaultIsQuiet } from "./look.ts";
import type { Plan, PlannedStep } from "./plan.ts";
import { planDigest } from "./plan-digest.ts";
import type { Check, Step, StepId } from "./step.ts";
import type { World } from "./world.ts";

export interface PlanOptions {
  readonly cluster: string;
  /** The name of the list in plans/: "install". */
  readonly intention: string;
  /** SHA-256 of the resolved cluster spec. */
  readonly specDigest: string;
  /** Steps left out by `selectSteps`, which steps of the plan come after. They must be satisfied already. */
  readonly outside?: ReadonlyMap<StepId, Step>;
  /** How many hosts are asked at the same time; default `hostsAskedAtOnce`. Give at least as many as there may be connections. */
  readonly hostsAtOnce?: number;
  readonly signal?: AbortSignal;
}

/**
 * How many hosts are asked at the same time, unless more connections than that may be open. What 5,000 hosts answer at
 * once is memory that the garbage collector goes through again and again.
 */
export const hostsAskedAtOnce = 128;

type Answered =
  | { readonly kind: "planned"; readonly planned: PlannedStep }
  | { readonly kind: "unreachable"; readonly host: string; readonly problem: Problem };

/**
 * Asks every check and changes nothing. The checks of a host are asked all at once and share what was read, so its facts
 * cost one round trip; those of the cluster start with the first hosts.
 *
 * A host that cannot be reached is listed in `unreachable` and its steps are absent. Any other ProblemError of a check
 * is planned as `refused`. Throws `usage/left-out-step-needed` when a step that was left out has something to do that
 * the plan rests on; throws whatever else a check threw, which is a bug.
 */
export async function makePlan(steps: readonly Step[], world: World, options: PlanOptions): Promise<Plan> {
  const outside = options.outside ?? new Map<StepId, Step>();
  const graph = validateGraph(steps, outside);
  const signal = options.signal ?? new AbortController().signal;
  const signals = new HostSignals(signal);
  const reader = new FactReader(
    world.hosts,
    (host) => signals.of(host),
    () => vaultIsQuiet(world),
  );
  const forgetting = forgetWhenDone(graph.order, reader);

  const answers = await askAll(steps, options.hostsAtOnce ?? hostsAskedAtOnce, async (step) => {
    try {
      return await ask(step, world, signal, reader);
    } finally {
      forgetting.done(step);
    }
  });
  const unreachable = new Map<string, Problem>();
  for (const one of answers)
    if (one.kind === "unreachable" && !unreachable.has(one.host)) unreachable.set(one.host, one.problem);
  const planned = answers.flatMap((one) =>
    one.kind === "planned" && !unreachable.has(one.planned.on) ? [one.planned] : [],
  );
  await requireSatisfiedOutside(planned, outside, world, signal, reader);
  signals.end();

  const { cluster, intention, specDigest } = options;
  const body = {
    cluster,
    intention,
    specDigest,
    steps: planned,
    unreachable: [...unreachable].map(([host, problem]) => ({ host, problem })),
  };
  return { ...body, madeAt: world.clock.now().toISOString(), digest: planDigest(body) };
}

/** The answers in the order of the steps. The next host's turn comes when all steps of one before it have answered. */
async function askAll(
  steps: readonly Step[],
  hostsAtOnce: number,
  askOne: (step: Step) => Promise<Answered>,
): Promise<readonly Answered[]> {
  const byHost = Map.groupBy(steps, (step) => step.on);
  const ofCluster = byHost.get("cluster") ?? [];
  byHost.delete("cluster");
  const answerOf = new Map<Step, Promise<Answered>>();
  const start = (group: readonly Step[]) => {
    for (const step of group) answerOf.set(step, askOne(step));
    return Promise.allSettled(group.map((step) => answerOf.get(step)));
  };
  const groups = byHost.values();
  const goThrough = async () => {
    for (const group of groups) await start(group);
  };
  const lanes = Array.from({ length: Math.min(byHost.size, Math.max(1, hostsAtOnce)) }, goThrough);
  await Promise.all([start(ofCluster), ...lanes]);
  return await settle(steps.flatMap((step) => answerOf.get(step) ?? []));
}

async function ask(step: Step, world: World, signal: AbortSignal, reader: FactReader): Promise<Answered> {
  try {
    return { kind: "planned", planned: toPlanned(step, await checkStep(step, world, signal, reader)) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { problem } = error;
    const host = problem.where?.host ?? step.on;
    const ownHost = !isClusterStep(step) && host === step.on;
    if (problem.code.startsWith("ssh/") && ownHost) return { kind: "unreachable", host, problem };
    return { kind: "planned", planned: toPlanned(step, { state: "refused", problem }) };
  }
}

function toPlanned(step: Step, check: Check): PlannedStep {
  const { id, title, phase, on, impact, after } = step;
  const base = { id, title, phase, on, impact, after };
  switch (check.state) {
    case "satisfied":
      return { ...base, state: "satisfied", because: check.because };
    case "needed":
      return { ...base, state: "needed", changes: check.changes };
    case "unknown":
      return { ...base, state: "unknown", until: check.until, because: check.because };
    case "refused":
      return { ...base, state: "refused", problem: locate(check.problem, step) };
  }
}

/** Says which step and host a problem is about, unless it says so itself. */
export function locate(problem: Problem, step: Step): Problem {
  return {
    ...problem,
    where: { step: step.id, ...(!isClusterStep(step) && { host: step.on }), ...problem.where },
  };
}

/** A host's answers are kept until its own steps, and the cluster steps that may read it, have all been asked. */
function forgetWhenDone(steps: readonly Step[], reader: FactReader): { done(step: Step): void } {
  const left = new Map<string, number>();
  for (const step of steps) left.set(step.on, (left.get(step.on) ?? 0) + 1);
  const waiting: HostName[] = [];
  return {
    done(step) {
      const count = (left.get(step.on) ?? 1) - 1;
      left.set(step.on, count);
      if (count === 0 && !isClusterStep(step)) waiting.push(step.on as HostName);
      if ((left.get("cluster") ?? 0) > 0) return;
      for (const host of waiting.splice(0)) reader.forget(host);
    },
  };
}

/** Waits for all, so that no check is still running when the first bug is thrown. */
async function settle<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

async function requireSatisfiedOutside(
  planned: readonly PlannedStep[],
  outside: ReadonlyMap<StepId, Step>,
  world: World,
  signal: AbortSignal,
  reader: FactReader,
): Promise<void> {
  const neededBy = new Map<Step, PlannedStep>();
  for (const one of planned) {
    if (one.state === "satisfied") continue;
    for (const id of one.after) {
      const step = outside.get(id);
      if (step !== undefined && !neededBy.has(step)) neededBy.set(step, one);
    }
  }
  const problems = await settle(
    [...neededBy].map(async ([step, by]): Promise<Problem[]> => {
      const answer = await ask(step, world, signal, reader);
      if (answer.kind === "unreachable") return [leftOut(step, by, `${answer.host} cannot be reached`)];
      return answer.planned.state === "satisfied" ? [] : [leftOut(step, by, `${step.id} is ${answer.planned.state}`)];
    }),
  );
  const [first, ...rest] = problems.flat();
  if (first !== undefined) throw new ProblemError([first, ...rest]);
}

function leftOut(step: Step, by: PlannedStep, because: string): Problem {
  return {
    code: "usage/left-out-step-needed",
    severity: "error",
    message: `step ${by.id} comes after ${step.id}, which --limit or --through leaves out`,
    because,
    hint: {
      text: isClusterStep(step)
        ? `go on to phase ${step.phase}, or further`
        : `add ${step.on} to --limit, and go on to phase ${step.phase} or further`,
    },
    where: { step: by.id, ...(by.on !== "cluster" && { host: by.on }) },
  };
}
