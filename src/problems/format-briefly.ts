import pc from "picocolors";
import { foldProblems } from "./fold-problems.ts";
import type { TextOptions } from "./format-problem.ts";
import { printableText } from "./printable-text.ts";
import type { Problem } from "./problem.ts";
import { wrapText } from "./wrap-text.ts";

/**
 * A line for each problem, "warning: cp-1: the clock is off (preflight/clock)", for where somebody else tells them in
 * full. Those that differ only in the host are merged. Empty for no problems, no line break at the end.
 */
export function formatBriefly(problems: readonly Problem[], options: TextOptions): string {
  const colors = pc.createColors(options.colors);
  const width = Math.min(options.width ?? 80, 100);
  const lines = foldProblems(problems).flatMap(({ severity, message, code }) => {
    const label = `${severity}:`;
    const [first = "", ...rest] = wrapText(
      `${label} ${printableText(message)} (${printableText(code)})`,
      width - margin,
    );
    const paint = severity === "error" ? colors.red : colors.yellow;
    return [paint(label) + first.slice(label.length), ...rest.map((line) => " ".repeat(margin) + line)];
  });
  return lines.join("\n");
}

/** Of the second and further lines of a problem that does not fit one. */
const margin = 2;
