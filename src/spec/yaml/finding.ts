import type { Hint, Problem, ProblemCode } from "../../problems/problem.ts";
import type { SourceText } from "./source-text.ts";

/** What is wrong at a place of the file; worded only when it is reported, as a broken file can hold very many. */
export interface Finding {
  readonly code: ProblemCode & `config/${string}`;
  readonly severity: "error" | "warning";
  /** Offsets into the text; `end` is not included. */
  readonly start: number;
  readonly end: number;
  readonly words: () => FindingWords;
}

/** See the same fields of Problem. */
export interface FindingWords {
  readonly message: string;
  readonly because: string;
  readonly hint: Hint;
}

/** More problems than this are counted, not listed. */
const mostReportedProblems = 500;

/** All findings as problems, in the order of the file, each once. */
export function toProblems(findings: readonly Finding[], source: SourceText): Problem[] {
  const sorted = [...findings].sort((one, other) => one.start - other.start || one.end - other.end);
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const unlisted: Finding[] = [];
  for (const finding of sorted) {
    if (problems.length >= mostReportedProblems) {
      unlisted.push(finding);
      continue;
    }
    const words = finding.words();
    const identity = `${finding.start} ${finding.code} ${words.message}`;
    if (seen.has(identity)) continue;
    seen.add(identity);
    problems.push({
      code: finding.code,
      severity: finding.severity,
      ...words,
      where: { source: source.range(finding.start, finding.end) },
    });
  }
  const last = problems.at(-1)?.where;
  if (unlisted.length > 0 && last !== undefined) {
    problems.push({
      code: "config/more-problems",
      severity: unlisted.some((finding) => finding.severity === "error") ? "error" : "warning",
      message: `${unlisted.length} more problems follow`,
      because: `the first ${mostReportedProblems} are listed`,
      hint: { text: "correct those first; one mistake often repeats" },
      where: last,
    });
  }
  return problems;
}
