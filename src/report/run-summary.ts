import pc from "picocolors";
import type { RunEvent } from "../engine/events.ts";
import { displayWidth, padText, truncateMiddle, truncateText } from "../problems/display-width.ts";
import { formatDuration } from "../problems/format-duration.ts";
import { formatProblems } from "../problems/format-problems.ts";
import { printableText } from "../problems/printable-text.ts";
import type { Problem } from "../problems/problem.ts";
import { wrapText } from "../problems/wrap-text.ts";
import { commandOfIntention } from "./command-of-intention.ts";
import { countOf } from "./count-of.ts";
import { groupedDigits } from "./grouped-digits.ts";
import { outcomeCounts } from "./outcome-words.ts";
import { RunTally, type StepProblem } from "./run-tally.ts";

/** How a summary is printed. */
export interface RunSummaryOptions {
  readonly colors: boolean;
  /** Columns of the terminal; default 80. */
  readonly width?: number;
  /** How a command is called, so that it can be pasted: "slipway -f lab.yaml apply" for "apply". Default "slipway apply". */
  readonly command?: (words: string) => string;
}

/** A run that took less than this needs no account of where the time went. */
const shortRunMs = 5_000;

/** Counts of a whole list of events, as a journal holds it. */
export function tallyOf(events: Iterable<RunEvent>): RunTally {
  const tally = new RunTally();
  for (const event of events) tally.event(event);
  return tally;
}

/**
 * What a run came to: problems by root cause, counts, where the time went, what to run next. For a run that has ended
 * or was cut off. Ends without a line break.
 */
export function runSummary(tally: RunTally, options: RunSummaryOptions): string {
  const colors = pc.createColors(options.colors);
  const width = Math.max(30, options.width ?? 80);
  const blocks: string[] = [];
  const notStarted = tally.outcomes["not-started"];
  const problems = tally.problems.map(problemOf);
  if (problems.length > 0) blocks.push(formatProblems(problems, { colors: options.colors, width, notStarted }));

  const durationMs = tally.ended?.durationMs ?? tally.lastMs - Date.parse(tally.started?.at ?? "");
  if (durationMs >= shortRunMs) blocks.push(timeBlock(tally, width, colors).join("\n"));

  const isGood = tally.succeeded;
  const closing = wrapText(printableText(headline(tally, durationMs)), width).map((line) =>
    colors.bold((isGood ? colors.green : colors.red)(line)),
  );
  blocks.push([...closing, ...nextLines(tally, isGood, options).map((line) => colors.cyan(line))].join("\n"));
  return blocks.join("\n\n");
}

/** The problem with its step, when it does not say itself which step it is about. */
function problemOf({ step, problem }: StepProblem): Problem {
  const host = step.on === "cluster" ? {} : { host: step.on };
  return { ...problem, where: { ...host, step: step.id, ...problem.where } };
}

function headline(tally: RunTally, durationMs: number): string {
  const { ended, started } = tally;
  const name = started === undefined ? "Run" : `${started.intention} ${started.cluster}`;
  const already = started?.satisfied ?? 0;
  const counts = outcomeCounts(tally.outcomes) + (already > 0 ? `, ${groupedDigits(already)} satisfied before` : "");
  const state = stateOf(tally);
  const took = Number.isFinite(durationMs)
    ? ` ${state === "finished" ? "in" : "after"} ${formatDuration(durationMs)}`
    : "";
  const cost =
    ended === undefined
      ? ""
      : `; ${countOf(ended.connections, "connection")}, ${countOf(ended.roundTrips, "round trip")}`;
  const flying =
    ended === undefined && tally.running.size > 0 ? `; ${countOf(tally.running.size, "step")} in flight` : "";
  return `${name} ${state}${took}: ${counts}${flying}${cost}`;
}

/** What became of the run as a whole; a run in which a step did not end well has stopped, and not finished. */
function stateOf({ ended, interrupted, succeeded }: RunTally): string {
  if (ended === undefined) return "was cut off";
  if (interrupted !== undefined) return "interrupted";
  return succeeded ? "finished" : "failed";
}

/** Commands stand on lines of their own, unwrapped, so that they can be copied. */
function nextLines(tally: RunTally, isGood: boolean, options: RunSummaryOptions): string[] {
  const line = (label: string, words: string): string =>
    label + printableText(options.command === undefined ? `slipway ${words}` : options.command(words));
  if (isGood) return [line("next     ", "status")];
  const run = tally.started?.run;
  const again = commandOfIntention(tally.started?.intention);
  return [line("again    ", again), ...(run === undefined ? [] : [line("details  ", `runs show ${run}`)])];
}

function timeBlock(tally: RunTally, width: number, colors: ReturnType<typeof pc.createColors>): string[] {
  const phases = [...tally.phases.values()].flatMap(({ phase, startedMs, endedMs, finished, outcomes }) =>
    startedMs === undefined || endedMs === undefined
      ? []
      : [{ name: printableText(phase), tookMs: endedMs - startedMs, steps: finished - outcomes["not-started"] }],
  );
  const names = Math.min(30, Math.max(...phases.map(({ name }) => displayWidth(name)), 0));
  const lines = phases.map(({ name, tookMs, steps }) => {
    const took = formatDuration(tookMs).padStart(12);
    return `  ${padText(truncateText(name, names), names)}${took}  ${colors.dim(countOf(steps, "step"))}`;
  });
  const slow = tally.slowest.map(({ step, durationMs }) => {
    const host = step.on === "cluster" || step.title.includes(step.on) ? "" : ` on ${step.on}`;
    const took = formatDuration(durationMs).padStart(12);
    return `${took}  ${truncateMiddle(printableText(step.title + host), Math.max(10, width - 14))}`;
  });
  return [
    ...(lines.length > 0 ? [colors.bold("Time by phase, first start to last end"), ...lines] : []),
    ...(slow.length > 0 ? [colors.bold("Slowest steps"), ...slow] : []),
  ];
}
