import { foldProblems } from "../problems/fold-problems.ts";
import { formatBriefly } from "../problems/format-briefly.ts";
import { formatProblem, type TextOptions } from "../problems/format-problem.ts";
import { wrapText } from "../problems/wrap-text.ts";
import { preflightCounts } from "./preflight-counts.ts";
import { type PreflightReport, preflightErrors } from "./preflight-report.ts";

/** What there is to say besides the text options. */
export interface PreflightNotesOptions extends TextOptions {
  /** What tells the findings in full, ready to paste: "slipway preflight". */
  readonly command: string;
}

/**
 * The report for people who are on their way to something else: errors and hosts that were not reached in full, a line
 * for each warning, the counts. Empty when there is nothing to tell. Ends without a line break.
 */
export function preflightNotes(report: PreflightReport, options: PreflightNotesOptions): string {
  const findings = report.checks.flatMap((check) => check.findings);
  const warnings = findings.flatMap((one) => (one.severity === "warning" ? [one.problem] : []));
  const inTheWay = [...preflightErrors(report), ...foldProblems(report.unreachable.map(({ problem }) => problem))];
  if (inTheWay.length + warnings.length === 0) return "";
  const width = Math.min(options.width ?? 80, 100);
  return [
    ...inTheWay.map((problem) => `${formatProblem(problem, options)}\n`),
    ...(warnings.length === 0 ? [] : [formatBriefly(warnings, options)]),
    ...wrapText(`Preflight: ${preflightCounts(report)}`, width),
    // On a line of its own, unwrapped, so that it can be copied.
    ...(warnings.length === 0 ? [] : [`details  ${options.command}`]),
  ].join("\n");
}
