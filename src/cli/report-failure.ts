import { CommanderError } from "commander";
import { exitCodeOfRefusal } from "../engine/exit-code-of.ts";
import { type ExitCode, exitCode } from "../problems/exit-code.ts";
import { formatProblems } from "../problems/format-problems.ts";
import { ProblemError } from "../problems/problem.ts";
import { terminalStyle } from "./terminal-style.ts";
import { version } from "./version.ts";

/** Prints what went wrong to stderr, once, and says with which code to exit. */
export function reportFailure(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.usage;
  if (error instanceof ProblemError) {
    process.stderr.write(`${formatProblems(error.problems, terminalStyle(process.stderr))}\n`);
    return error.problem.code === "usage/cancelled" ? exitCode.interrupted : exitCodeOfRefusal(error.problems);
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `This is a bug in Slipway ${version} (Node ${process.version}, ${process.platform}). Nothing more was started.\n` +
      `Report it with the lines below and the journal of the run, if there was one ('slipway runs list').\n\n${stack}\n`,
  );
  return exitCode.bug;
}
