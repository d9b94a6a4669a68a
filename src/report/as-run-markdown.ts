import { formatDuration } from "../problems/format-duration.ts";
import { sourceLocation } from "../problems/format-source.ts";
import { printableLines, printableOutput } from "../problems/printable-text.ts";
import type { AsRunRecord, StepRecord } from "./as-run-record.ts";
import {
  evidenceEnd,
  hasDetails,
  isInFlight,
  nextWords,
  outcomeOf,
  outcomeReason,
  phaseTimes,
  runFacts,
  runName,
  stepMoments,
  timeOfDay,
  tookOf,
} from "./as-run-words.ts";
import { changeSigns } from "./change-words.ts";
import { countOf } from "./count-of.ts";
import { markdownBlock, markdownCode, markdownText } from "./markdown-escape.ts";

/** The record of a run as GitHub-flavoured Markdown. Ends with a line break. */
export function markdownOf(record: AsRunRecord): string {
  const next = nextWords(record);
  const lines = [
    `# As run: ${markdownText(runName(record))}`,
    "",
    "| | |",
    "|---|---|",
    ...runFacts(record).map(([label, value]) => `| ${label} | ${markdownText(value)} |`),
    ...(next === undefined ? [] : ["", `**${markdownText(next)}**`]),
    ...section("Problems", record.problems.flatMap(problemLines)),
    ...section("Steps", stepTable(record)),
    ...section(
      "During the run",
      record.moments.map(({ at, text }) => `- ${timeOfDay(at)} ${markdownText(text)}`),
    ),
    ...section("Where the time went", timeLines(record)),
    ...section(
      "What each step did",
      record.steps.filter(hasDetails).flatMap((step) => detailLines(step, record.diffs)),
    ),
  ];
  // Two empty lines in a row are one, except inside a code block, which is one entry of the list.
  const text = lines.filter((line, index) => line !== "" || (index > 0 && lines[index - 1] !== "")).join("\n");
  return `${text.trimEnd()}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `## ${title}`, "", ...lines];
}

function problemLines({ record, problem }: AsRunRecord["problems"][number]): string[] {
  const { because, hint, evidence, where } = problem;
  const source = where?.source;
  return [
    `### ${markdownText(problem.message)}`,
    "",
    `- code: ${markdownCode(problem.code)}${problem.severity === "warning" ? " (warning)" : ""}`,
    ...(record === undefined
      ? []
      : [`- step ${record.number}: ${markdownText(record.step.title)} (${markdownCode(record.step.id)})`]),
    ...(where?.host === undefined ? [] : [`- host: ${markdownText(where.host)}`]),
    ...(source === undefined ? [] : [`- at: ${markdownCode(sourceLocation(source))}`]),
    ...(source?.text === undefined ? [] : ["", markdownBlock(source.text, "", "  "), ""]),
    ...(because === undefined ? [] : [`- because: ${printableLines(because).map(markdownText).join("; ")}`]),
    ...(hint === undefined ? [] : [`- hint: ${markdownText(hint.text)}`]),
    ...(hint?.command === undefined ? [] : ["", markdownBlock(hint.command, "sh", "  "), ""]),
    ...(evidence === undefined
      ? []
      : [
          `- ran: ${markdownCode(evidence.command)} (${evidenceEnd(evidence)})`,
          ...(evidence.lastLines.length === 0
            ? []
            : ["", markdownBlock(evidence.lastLines.flatMap(printableOutput).join("\n"), "text", "  ")]),
        ]),
    "",
  ];
}

function stepTable(record: AsRunRecord): string[] {
  if (record.steps.length === 0) return [];
  return [
    "| # | Step | Host | Phase | Outcome | Started | Took |",
    "|--:|---|---|---|---|---|--:|",
    ...record.steps.map((step) => {
      const reason = outcomeReason(step);
      const outcome = markdownText(outcomeOf(step) + (reason === undefined ? "" : `: ${reason}`));
      const started = step.startedAt === undefined ? "" : markdownText(timeOfDay(step.startedAt));
      const { title, on, phase } = step.step;
      return `| ${step.number} | ${markdownText(title)} | ${markdownText(on)} | ${markdownText(phase)} | ${outcome} | ${started} | ${tookOf(step)} |`;
    }),
  ];
}

function timeLines(record: AsRunRecord): string[] {
  const phases = phaseTimes(record);
  if (phases.length === 0) return [];
  return [
    "| Phase | First start to last end | Steps |",
    "|---|--:|--:|",
    ...phases.map(({ phase, tookMs, steps }) => `| ${markdownText(phase)} | ${formatDuration(tookMs)} | ${steps} |`),
    "",
    "Slowest steps:",
    "",
    ...record.tally.slowest.map(
      ({ step, durationMs }) =>
        `- ${formatDuration(durationMs)}: ${markdownText(step.title)} (${markdownText(step.on)})`,
    ),
  ];
}

function detailLines(record: StepRecord, diffs: AsRunRecord["diffs"]): string[] {
  const { step, changes, commands } = record;
  const took = tookOf(record);
  const ended = outcomeOf(record) + (took === "" ? "" : `, ${took}`);
  return [
    `### ${record.number}. ${markdownText(step.title)}`,
    "",
    `${markdownCode(step.id)} on ${markdownText(step.on)}: ${markdownText(ended)}${record.attempts > 1 ? `, ${countOf(record.attempts, "attempt")}` : ""}`,
    ...(isInFlight(record) ? ["", "**In flight when the journal ends.**"] : []),
    "",
    ...changes.flatMap((change) => {
      const to = change.to === undefined ? "" : ` to ${markdownCode(change.to)}`;
      const from = change.from === undefined ? "" : ` from ${markdownCode(change.from)}`;
      const why = change.because === undefined ? "" : `, because ${markdownText(change.because)}`;
      const line = `- ${markdownCode(changeSigns[change.verb])} ${change.verb} ${markdownCode(change.what)}${from}${to}${why}`;
      if (change.diff === undefined) return [line];
      const first = diffs.get(change.diff) ?? record.number;
      return first < record.number
        ? [`${line}; the diff is that of step ${first}`]
        : [line, "", markdownBlock(change.diff, "diff", "  "), ""];
    }),
    ...stepMoments(record).map(({ at, text }) => `- ${markdownText(timeOfDay(at))} ${markdownText(text)}`),
    ...commandLines(commands),
    "",
  ];
}

function commandLines(commands: StepRecord["commands"]): string[] {
  if (commands.length === 0) return [];
  const text = commands
    .map(({ at, host, shown }) => `${timeOfDay(at)} ${host}  ${shown.replaceAll("\n", "\\n")}`)
    .join("\n");
  return ["", "Carried out:", "", markdownBlock(text, "text")];
}
