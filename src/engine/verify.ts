import { setMaxListeners } from "node:events";
import { type Problem, ProblemError } from "../problems/problem.ts";
import type { Clock } from "./clock.ts";
import { FactReader } from "./fact-reader.ts";
import { type BoundCondition, conditionsOf } from "./look.ts";
import type { Step, Verdict } from "./step.ts";
import type { World } from "./world.ts";

export type Verified =
  | { readonly state: "met" }
  /** A condition did not hold in time. */
  | { readonly state: "timed-out"; readonly problem: Problem }
  /** A condition can no longer hold. */
  | { readonly state: "never"; readonly problem: Problem };

type Asked = Verdict & { readonly lost: boolean };

/** How many times a condition's question may end in a lost connection in a row before it counts as an answer. */
const toleratedLosses = 3;

/**
 * Waits until every condition of a step has held. All are asked at once with one look, so the usual case costs one
 * round trip; those that do not hold yet are asked again, each at its own pace and until its own deadline.
 *
 * `waiting` is called when a condition does not hold, whenever its reason changes. Throws the signal's reason when
 * aborted, and whatever a condition throws.
 */
export async function verify(
  step: Step,
  world: World,
  signal: AbortSignal,
  waiting: (title: string, because: string) => void,
): Promise<Verified> {
  const ended = new AbortController();
  // Every condition and every read of one listens.
  setMaxListeners(0, ended.signal);
  const stop = () => ended.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const reader = new FactReader(world.hosts, ended.signal);
  try {
    const verdicts = await Promise.all(
      conditionsOf(step, world).map(async (condition) => {
        const verdict = await poll(condition, world, ended.signal, reader, waiting);
        // One that can never hold ends the waiting for all others.
        if (verdict.state !== "met") ended.abort(verdict);
        return verdict;
      }),
    );
    return verdicts.find((one) => one.state !== "met") ?? { state: "met" };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (ended.signal.aborted) return ended.signal.reason as Verified;
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    ended.abort();
  }
}

async function poll(
  condition: BoundCondition,
  world: World,
  signal: AbortSignal,
  firstReader: FactReader,
  waiting: (title: string, because: string) => void,
): Promise<Verified> {
  const { clock, hosts } = world;
  const startedAt = clock.elapsedMs();
  let reader = firstReader;
  let lastReason: string | undefined;
  let losses = 0;
  for (;;) {
    const leftMs = startedAt + condition.withinMs - clock.elapsedMs();
    const verdict = await orHung(clock, Math.max(leftMs, condition.everyMs), ask(condition, reader, signal, losses));
    signal.throwIfAborted();
    losses = verdict.lost ? losses + 1 : 0;
    if (verdict.state === "met") return { state: "met" };
    if (verdict.state === "never") return { state: "never", problem: verdict.problem };
    if (verdict.because !== lastReason) waiting(condition.title, verdict.because);
    lastReason = verdict.because;
    const waitedMs = clock.elapsedMs() - startedAt;
    if (waitedMs >= condition.withinMs)
      return { state: "timed-out", problem: timedOut(condition, waitedMs, lastReason) };
    await clock.sleep(Math.min(condition.everyMs, condition.withinMs - waitedMs), signal);
    signal.throwIfAborted();
    reader = new FactReader(hosts, signal);
  }
}

/** A question that is never answered must not make the wait longer than it was meant to be. */
async function orHung(clock: Clock, withinMs: number, answer: Promise<Asked>): Promise<Asked> {
  const over = new AbortController();
  const hung = async (): Promise<Asked> => {
    await clock.sleep(withinMs, over.signal);
    return { state: "not-yet", because: "the question has not been answered", lost: false };
  };
  try {
    return await Promise.race([answer, hung()]);
  } finally {
    over.abort();
  }
}

/** A service that restarts may cut our own connection: that is waiting, not failing, unless it goes on. */
async function ask(condition: BoundCondition, reader: FactReader, signal: AbortSignal, losses: number): Promise<Asked> {
  try {
    return { ...(await condition.holds(reader, signal)), lost: false };
  } catch (error) {
    const isLoss = error instanceof ProblemError && error.problem.code.startsWith("ssh/");
    if (signal.aborted || !isLoss || losses >= toleratedLosses) throw error;
    return { state: "not-yet", because: error.problem.message, lost: true };
  }
}

function timedOut(condition: BoundCondition, waitedMs: number, because: string): Problem {
  return {
    code: "engine/not-verified",
    severity: "error",
    message: `${condition.title}: not so after ${Math.round(waitedMs / 1000)} s`,
    because: `${because}; the limit is ${Math.round(condition.withinMs / 1000)} s`,
    hint: { text: "look at what it waits for, then run the same command again: it goes on from there" },
  };
}
