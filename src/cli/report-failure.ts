import { CommanderError } from "commander";
import { exitCodeOfRefusal } from "../engine/exit-code-of.ts";
import { type ExitCode, exitCode } from "../problems/exit-code.ts";
import { ProblemError } from "../problems/problem.ts";
import { commandFor } from "./command-for.ts";
import { printProblems } from "./print-problems.ts";
import { hintedFile, shownText } from "./shown.ts";
import { version } from "./version.ts";

/** Prints what went wrong to stderr, once, and says with which code to exit. */
export function reportFailure(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.usage;
  if (error instanceof ProblemError) {
    printProblems(error.problems);
    return exitCodeOfError(error);
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `This is a bug in Slipway ${version} (Node ${process.version}, ${process.platform}). Nothing more was started.\n` +
      `Report it with the lines below and the journal of the run, if there was one ('${commandFor(hintedFile(), "runs list")}').\n\n${shownText(stack)}\n`,
  );
  return exitCode.bug;
}

/** The exit code for what was thrown before, or instead of, an orderly end. */
export function exitCodeOfError(error: unknown): ExitCode {
  if (!(error instanceof ProblemError)) return exitCode.bug;
  return error.problem.code === "usage/cancelled" ? exitCode.interrupted : exitCodeOfRefusal(error.problems);
}
