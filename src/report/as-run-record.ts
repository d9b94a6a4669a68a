import type { RunEvent, StepSummary } from "../engine/events.ts";
import type { Change } from "../engine/step.ts";
import { foldProblems } from "../problems/fold-problems.ts";
import type { Problem } from "../problems/problem.ts";
import { RunTally } from "./run-tally.ts";

/** Something that happened at a moment (ISO 8601). */
export interface Moment {
  readonly at: string;
  readonly text: string;
}

/** Everything the journal knows of one step. */
export interface StepRecord {
  readonly number: number;
  readonly step: StepSummary;
  startedAt: string | undefined;
  attempts: number;
  changes: readonly Change[];
  /** Conditions it waited for, in order, each with the last reason why it did not hold yet. */
  readonly waits: { readonly at: string; readonly title: string; because: string }[];
  readonly said: Moment[];
  readonly commands: { readonly at: string; readonly host: string; readonly shown: string }[];
  finished: Extract<RunEvent, { type: "step-finished" }> | undefined;
}

/** A whole run, from its events. */
export interface AsRunRecord {
  readonly tally: RunTally;
  readonly run: string;
  readonly lastAt: string | undefined;
  /** Each diff and the number of the first step that made it: printed there in full, and referred to afterwards. */
  readonly diffs: ReadonlyMap<string, number>;
  /** Steps in the order in which they started, then those that never did. */
  readonly steps: readonly StepRecord[];
  /** About the run as a whole: what the engine said, interruptions. */
  readonly moments: readonly Moment[];
  /** Each problem with its step. Many problems are merged by what they have in common, and then have no step. */
  readonly problems: readonly { readonly record: StepRecord | undefined; readonly problem: Problem }[];
}

/** With more problems than this, those that differ only in the host are merged. */
const maxSingleProblems = 20;

/** Builds the record of a run. The events may be those of a run that was cut off, or be none at all. */
export function asRunRecord(events: Iterable<RunEvent>): AsRunRecord {
  const tally = new RunTally();
  const records = new Map<string, Omit<StepRecord, "number">>();
  const started: string[] = [];
  const moments: Moment[] = [];
  let run = "unknown";
  let lastAt: string | undefined;

  const recordOf = (step: StepSummary): Omit<StepRecord, "number"> => {
    let record = records.get(step.id);
    if (record === undefined) {
      record = {
        step,
        startedAt: undefined,
        attempts: 0,
        changes: [],
        waits: [],
        said: [],
        commands: [],
        finished: undefined,
      };
      records.set(step.id, record);
    }
    return record;
  };

  for (const event of events) {
    run = event.run;
    lastAt = event.at;
    const step = tally.event(event);
    if (event.type === "run-started") for (const one of event.steps) recordOf(one);
    if (event.type === "run-said") moments.push({ at: event.at, text: event.text });
    if (event.type === "run-interrupted") {
      const how = event.how === "finish-running" ? "running steps may finish, nothing new starts" : "leaving at once";
      moments.push({ at: event.at, text: `interrupted by the user: ${how}` });
    }
    if (step === undefined) continue;
    const record = recordOf(step);
    if (event.type === "step-started" && record.startedAt === undefined) started.push(step.id);
    addToRecord(record, event);
  }

  const inOrder = new Set([...started, ...records.keys()]);
  const steps = [...inOrder]
    .flatMap((id) => records.get(id) ?? [])
    .map((record, at) => ({ ...record, number: at + 1 }));
  const single = steps.flatMap((record) => problemsOf(record).map((problem) => ({ record, problem })));
  const merged = (): AsRunRecord["problems"] =>
    foldProblems(single.map(({ problem }) => problem)).map((problem) => ({ record: undefined, problem }));
  const problems = single.length <= maxSingleProblems ? single : merged();
  return { tally, run, lastAt, diffs: firstSteps(steps), steps, moments, problems };
}

function firstSteps(steps: readonly StepRecord[]): Map<string, number> {
  const diffs = new Map<string, number>();
  for (const { changes, number } of steps)
    for (const { diff } of changes) if (diff !== undefined && !diffs.has(diff)) diffs.set(diff, number);
  return diffs;
}

function addToRecord(record: Omit<StepRecord, "number">, event: RunEvent): void {
  switch (event.type) {
    case "run-started":
    case "run-said":
    case "run-interrupted":
    case "run-finished":
      return;
    case "step-started":
      record.startedAt ??= event.at;
      record.attempts = event.attempt;
      return;
    case "step-changes":
      record.changes = event.changes;
      return;
    case "step-said":
      record.said.push({ at: event.at, text: event.text });
      return;
    case "step-command":
      record.commands.push({ at: event.at, host: event.host, shown: event.shown });
      return;
    case "step-waiting": {
      const last = record.waits.at(-1);
      if (last?.title === event.title) last.because = event.because;
      else record.waits.push({ at: event.at, title: event.title, because: event.because });
      return;
    }
    case "step-finished":
      record.finished = event;
      if (event.outcome === "applied") record.changes = event.changes;
      return;
    default:
      neverEvent(event);
  }
}

/** Problems of a step, each with the host it is about. */
function problemsOf({ finished, step }: Omit<StepRecord, "number">): Problem[] {
  if (finished === undefined) return [];
  const problems = [
    ...("problem" in finished ? [finished.problem] : []),
    ...(finished.releaseProblem === undefined ? [] : [finished.releaseProblem]),
  ];
  const host = step.on === "cluster" ? {} : { host: step.on };
  return problems.map((problem) => ({ ...problem, where: { ...host, ...problem.where } }));
}

function neverEvent(event: never): never {
  throw new Error(`An event of an unknown type: ${JSON.stringify(event)}`);
}
