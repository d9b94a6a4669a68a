import { createColors } from "picocolors";
import { foldProblems } from "../problems/fold-problems.ts";
import { formatProblem, type TextOptions } from "../problems/format-problem.ts";
import { printableText } from "../problems/printable-text.ts";
import { wrapText } from "../problems/wrap-text.ts";
import { preflightCounts } from "./preflight-counts.ts";
import type { CheckReport, FoldedFinding, PreflightReport } from "./preflight-report.ts";

const margin = "  ";

/**
 * The report for people: one line per check, `[etcd-fsync] passed: ...`, with its findings below, and a last line with
 * the counts. Ends without a line break.
 */
export function preflightText(report: PreflightReport, options: TextOptions): string {
  const colors = createColors(options.colors);
  const width = Math.min(options.width ?? 80, 100);
  const states: Readonly<Record<CheckReport["state"], string>> = {
    passed: colors.green("passed"),
    warning: colors.yellow("warning"),
    failed: colors.red("failed"),
    skipped: colors.dim("skipped"),
  };
  const indented = (text: string) => text.split("\n").map((line) => (line === "" ? line : margin + line));
  const finding = ({ problem, downgraded }: FoldedFinding): readonly string[] => {
    const lines = indented(formatProblem(problem, { colors: options.colors, width: width - margin.length }));
    if (downgraded === undefined) return lines;
    const why = `an error by itself, downgraded in the cluster file: ${printableText(downgraded)}`;
    return [...lines, ...wrapText(why, width - 2 * margin.length).map((line) => margin + margin + line)];
  };
  const lines = report.checks.flatMap((check) => {
    const head = `${colors.bold(`[${check.name}]`)} ${states[check.state]}`;
    if (check.findings.length > 0) return [head, ...check.findings.flatMap(finding)];
    const [first = "", ...rest] = wrapText(`[${check.name}] ${check.state}: ${printableText(check.because)}`, width);
    // Wrapped as it will be seen, then painted: colours have no width.
    return [first.replace(`[${check.name}] ${check.state}`, () => head), ...rest.map((line) => margin + margin + line)];
  });
  const unreachable = foldProblems(report.unreachable.map(({ problem }) => problem)).flatMap((problem) =>
    indented(formatProblem(problem, { colors: options.colors, width: width - margin.length })),
  );
  const title = unreachable.length === 0 ? [] : [`${colors.bold("hosts")} ${colors.red("not reached")}`];
  return [...lines, ...title, ...unreachable, "", preflightCounts(report)].join("\n");
}
