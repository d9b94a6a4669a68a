import pc from "picocolors";
import { foldProblems } from "./fold-problems.ts";
import { formatProblem, type TextOptions } from "./format-problem.ts";
import type { Problem } from "./problem.ts";

/** What else a list of problems says. */
export interface ProblemListOptions extends TextOptions {
  /** Steps that never started because of these problems: one line with the count. */
  readonly notStarted?: number;
}

function count(many: number, one: string): string {
  return `${many} ${one}${many === 1 ? "" : "s"}`;
}

/** "3 problems: 2 errors, 1 warning". */
function countLine(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const warnings = problems.length - errors;
  if (warnings === 0) return count(errors, "problem");
  if (errors === 0) return count(warnings, "warning");
  return `${count(problems.length, "problem")}: ${count(errors, "error")}, ${count(warnings, "warning")}`;
}

/**
 * All problems, errors before warnings and otherwise in the order given (root causes first), those that differ only in
 * the host merged; a line with the counts at the end when there is more than one. Empty for no problems.
 */
export function formatProblems(problems: readonly Problem[], options: ProblemListOptions): string {
  if (problems.length === 0) return "";
  const colors = pc.createColors(options.colors);
  const ordered = [
    ...problems.filter((problem) => problem.severity === "error"),
    ...problems.filter((problem) => problem.severity === "warning"),
  ];
  const blocks = foldProblems(ordered).map((problem) => formatProblem(problem, options));
  const closing: string[] = [];
  if (problems.length > 1) closing.push(countLine(problems));
  const { notStarted = 0 } = options;
  if (notStarted > 0)
    closing.push(`${count(notStarted, "step")} did not start because of ${problems.length === 1 ? "this" : "these"}`);
  if (closing.length > 0) blocks.push(colors.bold(closing.join("; ")));
  return blocks.join("\n\n");
}
