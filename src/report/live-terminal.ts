import { createLogUpdate } from "log-update";
import pc from "picocolors";
import type { RunEvent, StepSummary } from "../engine/events.ts";
import { padText, truncateMiddle, truncateText } from "../problems/display-width.ts";
import { formatDuration } from "../problems/format-duration.ts";
import { formatProblem } from "../problems/format-problem.ts";
import { printableText } from "../problems/printable-text.ts";
import type { Problem } from "../problems/problem.ts";
import { wrapText } from "../problems/wrap-text.ts";
import { countOf } from "./count-of.ts";
import type { EventConsumer } from "./event-consumer.ts";
import { interruptWords } from "./interrupt-words.ts";
import { liveFrame } from "./live-frame.ts";
import { outcomeCounts, outcomeWords } from "./outcome-words.ts";
import { type PhaseTally, RunTally } from "./run-tally.ts";

/** A terminal: process.stdout, or a test's stand-in. */
export type Terminal = NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number };

/** What the live view can be told; everything has a default. */
export interface LiveTerminalOptions {
  /** Default: what the environment says (NO_COLOR, TERM). */
  readonly colors?: boolean;
  /** Milliseconds since the epoch; default Date.now. */
  readonly now?: () => number;
}

/** With more steps than this, a phase is printed as one line instead of one line per step. */
const maxStepLines = 60;
/** The first problems are printed in full, some more in one line, the rest only counted: the summary has all of them. */
const maxFullProblems = 5;
const maxShortProblems = 20;
const refreshMs = 100;

/**
 * The live view of a run on a terminal: problems and finished work scroll by above, what is running stays below. Draws
 * at most ten times a second. `close` takes the moving part away, gives the cursor back and leaves no timer behind.
 */
export function liveTerminal(out: Terminal, options: LiveTerminalOptions = {}): EventConsumer {
  const now = options.now ?? Date.now;
  const colors = pc.createColors(options.colors ?? pc.isColorSupported);
  const tally = new RunTally();
  // The cursor is hidden by log-update, which also gives it back when the process ends in any way it can notice.
  const view = createLogUpdate(out);
  let isClosed = false;
  let isStale = false;
  /** Lines that will stay, printed with the next frame: a burst of thousands of events costs one drawing. */
  let kept: string[] = [];
  let drawnSecond = -1;
  let problemsShown = 0;

  // One column stays free: a full line makes some terminals wrap.
  const columns = (): number => Math.max(10, (out.columns || 80) - 1);

  const flush = (): void => {
    if (kept.length === 0) return;
    view.persist(`${kept.join("\n")}\n`);
    kept = [];
  };
  const draw = (): void => {
    const nowMs = now();
    isStale = false;
    flush();
    drawnSecond = Math.floor(nowMs / 1000);
    view(liveFrame(tally, { columns: columns(), rows: (out.rows || 24) - 1, nowMs }, colors).join("\n"));
  };
  const onResize = (): void => {
    isStale = true;
  };
  const timer = setInterval(() => {
    if (isStale || Math.floor(now() / 1000) !== drawnSecond) draw();
  }, refreshMs);
  timer.unref();
  out.on("resize", onResize);

  const keep = (lines: readonly string[]): void => {
    kept.push(...lines);
  };

  const problemLines = (problem: Problem): string[] => {
    problemsShown++;
    if (problemsShown <= maxFullProblems)
      return [...formatProblem(problem, { colors: colors.isColorSupported, width: columns() }).split("\n"), ""];
    if (problemsShown > maxFullProblems + maxShortProblems + 1) return [];
    const text =
      problemsShown <= maxFullProblems + maxShortProblems
        ? `${problem.message}  ${problem.code}`
        : "Further problems are counted below and listed at the end";
    return [colors.red(truncateText(printableText(text), columns()))];
  };

  const finished = (event: Extract<RunEvent, { type: "step-finished" }>, step: StepSummary): string[] => {
    const lines: string[] = [];
    if (tally.total <= maxStepLines && event.outcome !== "not-started") lines.push(stepLine(event, step));
    if ("problem" in event) lines.push(...problemLines(event.problem));
    if (event.releaseProblem !== undefined) lines.push(...problemLines(event.releaseProblem));
    const phase = tally.phases.get(step.phase);
    if (tally.total > maxStepLines && phase !== undefined && phase.finished === phase.steps)
      lines.push(phaseDone(phase));
    return lines;
  };

  const stepLine = (event: Extract<RunEvent, { type: "step-finished" }>, step: StepSummary): string => {
    const host = step.on === "cluster" || step.title.includes(step.on) ? "" : ` on ${step.on}`;
    const isGood = event.outcome === "applied" || event.outcome === "satisfied";
    const word = padText(outcomeWords[event.outcome], 12);
    const took = formatDuration(event.durationMs);
    const title = truncateMiddle(printableText(step.title + host), columns() - word.length - took.length - 3);
    return `${(isGood ? colors.green : colors.red)(word)} ${title}  ${colors.dim(took)}`;
  };

  const phaseDone = (phase: PhaseTally): string => {
    const took =
      phase.startedMs === undefined || phase.endedMs === undefined
        ? ""
        : ` in ${formatDuration(phase.endedMs - phase.startedMs)}`;
    const hosts = phase.hosts.size > 0 ? ` on ${countOf(phase.hosts.size, "host")}` : "";
    const text = printableText(`${phase.phase}: ${outcomeCounts(phase.outcomes)}${hosts}${took}`);
    const isGood = phase.outcomes.applied + phase.outcomes.satisfied === phase.finished;
    return (isGood ? colors.green : colors.yellow)(truncateText(text, columns()));
  };

  const wrapped = (text: string): string[] => wrapText(printableText(text), columns()).map(colors.yellow);

  return {
    event(event) {
      if (isClosed) return;
      const step = tally.event(event);
      isStale = true;
      switch (event.type) {
        case "run-said":
          keep(wrapped(event.text));
          return;
        case "step-finished":
          if (step !== undefined) keep(finished(event, step));
          return;
        case "run-interrupted":
          keep(wrapped(interruptWords(event.how, tally.running.size)));
          return;
        case "run-started":
        case "step-started":
        case "step-changes":
        case "step-said":
        case "step-command":
        case "step-waiting":
        case "run-finished":
          return;
        default:
          neverEvent(event);
      }
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      clearInterval(timer);
      out.off("resize", onResize);
      view.clear();
      flush();
      view.done();
    },
  };
}

function neverEvent(event: never): never {
  throw new Error(`An event of an unknown type: ${JSON.stringify(event)}`);
}
