import { formatProblems } from "../problems/format-problems.ts";
import type { Problem } from "../problems/problem.ts";
import { shown } from "./shown.ts";
import { terminalStyle } from "./terminal-style.ts";

/** Prints problems to stderr, their secrets masked and their hints completed. */
export function printProblems(problems: readonly Problem[]): void {
  process.stderr.write(`${formatProblems(shown(problems), terminalStyle(process.stderr))}\n`);
}
