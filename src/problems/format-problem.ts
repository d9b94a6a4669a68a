import pc from "picocolors";
import { displayWidth, truncateText } from "./display-width.ts";
import { formatDuration } from "./format-duration.ts";
import { sourceExcerpt, sourceLocation } from "./format-source.ts";
import { printableLines, printableOutput, printableText } from "./printable-text.ts";
import type { Evidence, Problem } from "./problem.ts";
import { wrapText } from "./wrap-text.ts";

/** How results are printed. */
export interface TextOptions {
  readonly colors: boolean;
  /** Columns of the terminal; default 80. Problems use at most 100, longer lines are hard to read. */
  readonly width?: number;
}

const labelWidth = 9;
const maxEvidenceLines = 20;
const maxEvidenceColumns = 400;

/**
 * One problem in words: message with its code at the right, then where, why, what to do next, and what ran. Several
 * lines, no line break at the end. Nothing in the problem can reach the terminal as a control character.
 */
export function formatProblem(problem: Problem, options: TextOptions): string {
  const colors = pc.createColors(options.colors);
  const width = Math.min(options.width ?? 80, 100);
  const bodyWidth = Math.max(20, width - labelWidth - 2);
  const lines = headLines(problem, width, colors);

  const section = (label: string, body: readonly string[]): void => {
    for (const [index, line] of body.entries()) {
      const margin = index === 0 ? colors.dim(label.padEnd(labelWidth)) : " ".repeat(labelWidth);
      lines.push(`  ${margin}${line}`);
    }
  };
  const wrapped = (text: string): string[] => printableLines(text).flatMap((line) => wrapText(line, bodyWidth));

  const { where } = problem;
  const place = placeOf(problem);
  if (place !== undefined) section("where", wrapText(place, bodyWidth));
  if (where?.source !== undefined) {
    const mark = problem.severity === "error" ? colors.red : colors.yellow;
    section("at", [sourceLocation(where.source), ...sourceExcerpt(where.source, bodyWidth, mark)]);
  }
  if (problem.because !== undefined) section("because", wrapped(problem.because));
  if (problem.hint !== undefined) {
    const { command, text } = problem.hint;
    section("hint", [
      ...wrapped(text),
      ...(command === undefined ? [] : printableLines(command).map((line) => `  ${colors.cyan(line)}`)),
    ]);
  }
  if (problem.evidence !== undefined) section("ran", evidenceLines(problem.evidence, colors.dim));
  return lines.join("\n");
}

type Colors = ReturnType<typeof pc.createColors>;

function headLines(problem: Problem, width: number, colors: Colors): string[] {
  const isError = problem.severity === "error";
  const code = printableText(problem.code) + (isError ? "" : " (warning)");
  const message = wrapText(printableText(problem.message), width);
  const lines = message.map((line) => colors.bold((isError ? colors.red : colors.yellow)(line)));
  const lastWidth = displayWidth(message.at(-1) ?? "");
  const gap = width - lastWidth - displayWidth(code);
  const last = lines.pop() ?? "";
  if (gap >= 2) return [...lines, last + " ".repeat(gap) + colors.dim(code)];
  return [...lines, last, " ".repeat(Math.max(2, width - displayWidth(code))) + colors.dim(code)];
}

/** Host and step, as far as the message does not say them already. */
function placeOf({ message, where }: Problem): string | undefined {
  const host = where?.host;
  const parts: string[] = [];
  if (host !== undefined && !message.includes(host)) parts.push(printableText(host));
  if (where?.step !== undefined) parts.push(`step ${printableText(where.step)}`);
  return parts.length === 0 ? undefined : parts.join(", ");
}

function evidenceLines(evidence: Evidence, dim: (text: string) => string): string[] {
  const took = evidence.durationMs === undefined ? "" : `, ${formatDuration(evidence.durationMs)}`;
  const ended = evidence.exitCode === null ? "did not end" : `exit ${evidence.exitCode}`;
  const output = evidence.lastLines.flatMap(printableOutput);
  return [
    `${printableLines(evidence.command).join(" ")} (${ended}${took})`,
    ...output.slice(-maxEvidenceLines).map((line) => dim(truncateText(line, maxEvidenceColumns))),
  ];
}
