import pc from "picocolors";
import type { RunEvent, StepSummary } from "../engine/events.ts";
import { formatDuration } from "../problems/format-duration.ts";
import { formatProblem } from "../problems/format-problem.ts";
import { printableText } from "../problems/printable-text.ts";
import { changeSigns } from "./change-words.ts";
import { countOf } from "./count-of.ts";
import type { EventConsumer, LineOutput } from "./event-consumer.ts";
import { interruptWords } from "./interrupt-words.ts";
import { outcomeCounts, outcomeWords } from "./outcome-words.ts";
import { RunTally } from "./run-tally.ts";

/** What plain lines hold besides the events that always matter. */
export interface PlainLinesOptions {
  /** Put the time of each event (UTC, seconds) in front. Default false. */
  readonly timestamps?: boolean;
  /** Also print each change and each command carried out. Default false. */
  readonly verbose?: boolean;
  /** Colour outcomes and problems, for logs that show colours. Default false. */
  readonly colors?: boolean;
}

/** One line for each event that matters, for logs and pipes: no cursor movements. Problems take several. */
export function plainLines(out: LineOutput, options: PlainLinesOptions = {}): EventConsumer {
  const tally = new RunTally();
  const colors = pc.createColors(options.colors ?? false);
  /** Last condition printed per step: a condition is printed when it begins to be waited for, not at every look. */
  const waits = new Map<string, string>();
  let closed = false;

  const stepLine = (word: string, step: StepSummary, more = "", paint: (text: string) => string = String): string => {
    const width = String(tally.total).length;
    const progress = `[${String(tally.finished).padStart(width)}/${tally.total}]`;
    return `${progress} ${paint(word.padEnd(12))} ${printableText(step.title)}${hostOf(step)}${more}`;
  };

  const linesOf = (event: RunEvent): string[] => {
    const step = tally.event(event);
    switch (event.type) {
      case "run-started": {
        const already = event.satisfied > 0 ? `, ${countOf(event.satisfied, "step")} already satisfied` : "";
        const head = `${event.intention} ${event.cluster}: ${countOf(event.steps.length, "step")} to run${already}`;
        return [printableText(`${head} (run ${event.run}, Slipway ${event.version}, by ${event.by})`)];
      }
      case "run-said":
        return [printableText(event.text)];
      case "run-interrupted":
        return [interruptWords(event.how, tally.running.size)];
      case "run-finished": {
        const took = `${formatDuration(event.durationMs)}, ${countOf(event.connections, "connection")}, ${countOf(event.roundTrips, "round trip")}`;
        return [`finished: ${outcomeCounts(tally.outcomes)} (${took})`];
      }
      default:
        return step === undefined ? [] : stepLines(event, step);
    }
  };

  const stepLines = (event: Extract<RunEvent, { step: unknown }>, step: StepSummary): string[] => {
    switch (event.type) {
      case "step-started":
        return [stepLine("started", step, event.attempt > 1 ? ` (attempt ${event.attempt})` : "")];
      case "step-changes":
        if (options.verbose !== true) return [];
        return event.changes.map((change) =>
          stepLine("change", step, printableText(`: ${changeSigns[change.verb]} ${change.what}`)),
        );
      case "step-command":
        return options.verbose === true
          ? [stepLine("command", step, printableText(` [${event.host}] ${event.shown}`))]
          : [];
      case "step-said":
        return [stepLine("says", step, printableText(`: ${event.text}`))];
      case "step-waiting":
        if (waits.get(event.step) === event.title) return [];
        waits.set(event.step, event.title);
        return [stepLine("waiting", step, printableText(` (for ${event.title}: ${event.because})`))];
      case "step-finished": {
        waits.delete(event.step);
        const isGood = event.outcome === "applied" || event.outcome === "satisfied";
        const took = event.outcome === "not-started" ? "" : ` (${formatDuration(event.durationMs)})`;
        const line = stepLine(outcomeWords[event.outcome], step, took, isGood ? colors.green : colors.red);
        const problems = [
          ...("problem" in event ? [event.problem] : []),
          ...(event.releaseProblem === undefined ? [] : [event.releaseProblem]),
        ];
        return [
          line,
          ...problems.flatMap((problem) =>
            indented(formatProblem(problem, { colors: colors.isColorSupported, width: 100 })),
          ),
        ];
      }
      default:
        return neverEvent(event);
    }
  };

  return {
    event(event) {
      if (closed) return;
      const stamp = options.timestamps === true ? `${printableText(event.at.slice(0, 19))}Z ` : "";
      for (const line of linesOf(event)) out.write(`${stamp}${line}\n`);
    },
    close() {
      closed = true;
    },
  };
}

/** " on cp-1" unless the title says so already. */
function hostOf(step: StepSummary): string {
  return step.on === "cluster" || step.title.includes(step.on) ? "" : ` on ${printableText(step.on)}`;
}

function indented(text: string): string[] {
  return text.split("\n").map((line) => `    ${line}`);
}

function neverEvent(event: never): never {
  throw new Error(`An event of an unknown type: ${JSON.stringify(event)}`);
}
