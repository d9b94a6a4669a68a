import { type Problem, ProblemError } from "../problems/problem.ts";

/** Why a run stopped whose cluster lock was lost, from the reason of the lock's signal. */
export function lockLostProblem(reason: unknown): Problem {
  if (reason instanceof ProblemError) return reason.problem;
  return {
    code: "engine/bug",
    severity: "error",
    message: "the cluster lock could not be kept because of a bug in Slipway",
    because: String(reason),
  };
}

/** `engine/run-deadline`: the run as a whole took longer than it may. */
export function runDeadlineProblem(withinMs: number): Problem {
  return {
    code: "engine/run-deadline",
    severity: "error",
    message: "the run did not end in time, so nothing more was started",
    because: `the limit is ${Math.round(withinMs / 1000)} s`,
    hint: { text: "run the same command again to go on" },
  };
}
