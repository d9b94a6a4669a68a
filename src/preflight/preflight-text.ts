import { createColors } from "picocolors";
import type { CheckReport, FoldedFinding, PreflightReport } from "./preflight-report.ts";

/** How the report is laid out. */
export interface PreflightTextOptions {
  readonly colors: boolean;
  /** Columns of the terminal; text is wrapped there. */
  readonly width: number;
}

const indent = "    ";

/**
 * The report for people: one line per check, `[etcd-fsync] passed: ...`, with its findings below, and a last line with
 * the counts. Ends without a newline.
 */
export function preflightText(report: PreflightReport, { colors, width }: PreflightTextOptions): string {
  const paint = createColors(colors);
  const wrap = (text: string, hanging: string) => wrapped(text, Math.max(width, 40), hanging);
  const states: Readonly<Record<CheckReport["state"], string>> = {
    passed: paint.green("passed"),
    warning: paint.yellow("warning"),
    failed: paint.red("failed"),
    skipped: paint.dim("skipped"),
  };
  const finding = ({ problem, severity, downgraded }: FoldedFinding): readonly string[] => {
    const word = severity === "error" ? paint.red("error") : paint.yellow("warning");
    return [
      `  ${word} ${wrap(problem.message, indent)}`,
      ...(problem.because === undefined ? [] : [`${indent}because  ${wrap(problem.because, `${indent}         `)}`]),
      ...(downgraded === undefined
        ? []
        : [`${indent}an error by itself, downgraded in the cluster file: ${wrap(downgraded, `${indent}  `)}`]),
      ...(problem.hint === undefined ? [] : [`${indent}hint     ${wrap(problem.hint.text, `${indent}         `)}`]),
      ...(problem.hint?.command === undefined ? [] : [`${indent}         ${paint.cyan(problem.hint.command)}`]),
    ];
  };
  const lines = report.checks.flatMap((check) => {
    const hasFindings = check.findings.length > 0;
    const head = `${paint.bold(`[${check.name}]`)} ${states[check.state]}`;
    return hasFindings ? [head, ...check.findings.flatMap(finding)] : [`${head}: ${wrap(check.because, indent)}`];
  });
  const unreachable = report.unreachable.flatMap(({ host, problem }) => [
    `${paint.red("unreachable")} ${host}: ${wrap(problem.message, indent)}`,
    ...(problem.because === undefined ? [] : [`${indent}because  ${wrap(problem.because, `${indent}         `)}`]),
    ...(problem.hint === undefined ? [] : [`${indent}hint     ${wrap(problem.hint.text, `${indent}         `)}`]),
  ]);
  return [...lines, ...unreachable, "", summary(report)].join("\n");
}

function summary({ checks, hosts, errors, warnings, unreachable }: PreflightReport): string {
  const passed = checks.filter((check) => check.state === "passed").length;
  const parts = [
    `${count(hosts, "host")} asked`,
    `${passed} of ${count(checks.length, "check")} passed`,
    count(warnings, "warning"),
    count(errors, "error"),
    ...(unreachable.length === 0 ? [] : [`${count(unreachable.length, "host")} not reached`]),
  ];
  return parts.join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Breaks text at spaces; the lines after the first start with `hanging`. A word longer than a line stays whole. */
function wrapped(text: string, width: number, hanging: string): string {
  const room = Math.max(width - hanging.length - 9, 20);
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${hanging}`);
}
