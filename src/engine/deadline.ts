import { setMaxListeners } from "node:events";
import { type Problem, ProblemError } from "../problems/problem.ts";
import type { Clock } from "./clock.ts";

/** How long work that was told to stop may take to do so before it is given up on. */
const abortGraceMs = 10_000;

/**
 * Runs `work` until it ends, `withinMs` have passed, or `outer` is aborted. In the latter two cases the signal given to
 * the work is aborted, the work gets a moment to stop, and the problem (or the reason of `outer`) is thrown whether it
 * did or not.
 */
export async function withDeadline<T>(
  clock: Clock,
  withinMs: number,
  outer: AbortSignal | undefined,
  problem: () => Problem,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted();
  const inner = new AbortController();
  const over = new AbortController();
  // Every command of the work that is under way listens.
  setMaxListeners(0, inner.signal);
  const passOn = () => inner.abort(outer?.reason);
  outer?.addEventListener("abort", passOn, { once: true });
  const expire = async (): Promise<never> => {
    await clock.sleep(withinMs, over.signal);
    if (!over.signal.aborted) inner.abort(new ProblemError(problem()));
    return await new Promise<never>(() => undefined);
  };
  const giveUp = async (): Promise<never> => {
    await new Promise<void>((resolve) => {
      inner.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await clock.sleep(abortGraceMs, over.signal);
    throw inner.signal.reason;
  };
  try {
    return await Promise.race([work(inner.signal), giveUp(), expire()]);
  } catch (error) {
    // How the work took being stopped is not the news; why it was stopped is.
    if (inner.signal.aborted) throw inner.signal.reason;
    throw error;
  } finally {
    outer?.removeEventListener("abort", passOn);
    over.abort();
  }
}
