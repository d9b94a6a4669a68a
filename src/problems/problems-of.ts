import { type Problem, ProblemError } from "./problem.ts";

/** The problems that work at the end of something else ran into, to be told beside what came before. */
export async function problemsOf(work: () => Promise<unknown>): Promise<readonly Problem[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
}

/** What was thrown first, with what went wrong after it. A bug stays the bug it is. */
export function withMoreProblems(error: unknown, more: readonly Problem[]): unknown {
  if (!(error instanceof ProblemError) || more.length === 0) return error;
  return new ProblemError([...error.problems, ...more], { cause: error });
}
