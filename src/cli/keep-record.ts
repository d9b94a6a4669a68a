import { type ExitCode, exitCode } from "../problems/exit-code.ts";
import type { Problem } from "../problems/problem.ts";
import { problemsOf } from "../problems/problems-of.ts";

/**
 * Writes down what a run came to. When that fails, the run keeps the code it ended with, for what happened on the hosts
 * says more; only one where all was well ends as stopped.
 */
export async function keepRecord(
  code: ExitCode,
  write: () => Promise<void>,
): Promise<{ readonly code: ExitCode; readonly problems: readonly Problem[] }> {
  const problems = await problemsOf(write);
  return { code: problems.length > 0 && code === exitCode.done ? exitCode.stopped : code, problems };
}
