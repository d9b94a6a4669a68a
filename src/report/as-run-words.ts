import { foldedNames } from "../problems/fold-names.ts";
import { formatDuration } from "../problems/format-duration.ts";
import type { Evidence } from "../problems/problem.ts";
import type { AsRunRecord, Moment, StepRecord } from "./as-run-record.ts";
import { countOf } from "./count-of.ts";
import { outcomeCounts, outcomeWords } from "./outcome-words.ts";

/** Name of the run: "install demo". Not escaped for any format; nor is anything else here. */
export function runName({ tally }: AsRunRecord): string {
  return tally.started === undefined
    ? "a run without a beginning"
    : `${tally.started.intention} ${tally.started.cluster}`;
}

/** Who, when, what: label and value. */
export function runFacts(record: AsRunRecord): [string, string][] {
  const { tally, lastAt, run } = record;
  const { started, ended } = tally;
  const hosts = new Set([...tally.phases.values()].flatMap((phase) => [...phase.hosts]));
  return [
    ["Cluster", started?.cluster ?? "unknown"],
    ["Intention", started?.intention ?? "unknown"],
    ["Run", run],
    ["By", started?.by ?? "unknown"],
    ["Started", started?.at ?? "unknown"],
    ["Ended", endWords(record)],
    ...(ended === undefined ? [] : [["Took", formatDuration(ended.durationMs)] satisfies [string, string]]),
    ["Slipway", started?.version ?? "unknown"],
    ["Plan digest", started?.planDigest ?? "unknown"],
    ["Hosts", hosts.size === 0 ? "none" : `${hosts.size} (${foldedNames(hosts)})`],
    [
      "Steps",
      `${outcomeCounts(tally.outcomes)} of ${tally.total}; ${started?.satisfied ?? 0} satisfied before the run`,
    ],
    [
      "Cost",
      ended === undefined
        ? `unknown; last event ${lastAt ?? "none"}`
        : `${countOf(ended.connections, "connection")}, ${countOf(ended.roundTrips, "round trip")}`,
    ],
  ];
}

function endWords({ tally, lastAt }: AsRunRecord): string {
  const { ended } = tally;
  if (ended === undefined) return `the journal has no end; its last event is of ${lastAt ?? "no known time"}`;
  return tally.interrupted === undefined ? ended.at : `${ended.at}, interrupted by the user`;
}

/** True when the step began and the journal does not say how it ended. */
export function isInFlight(record: StepRecord): boolean {
  return record.startedAt !== undefined && record.finished === undefined;
}

/** How the step ended, in words. */
export function outcomeOf(record: StepRecord): string {
  if (record.finished !== undefined) return outcomeWords[record.finished.outcome];
  return isInFlight(record) ? "in flight" : "not started";
}

/** How long the step took; "" when it did not run. */
export function tookOf({ finished }: StepRecord): string {
  return finished === undefined || finished.outcome === "not-started" ? "" : formatDuration(finished.durationMs);
}

/** What a reader should know about the outcome: the reason of a satisfied step, the root of one that never started. */
export function outcomeReason({ finished }: StepRecord): string | undefined {
  if (finished?.outcome === "satisfied") return finished.because;
  return finished?.outcome === "not-started" ? `${finished.root} did not succeed` : undefined;
}

/** True when there is more to say of a step than a row of the table does. */
export function hasDetails(record: StepRecord): boolean {
  const { changes, waits, said, commands, attempts } = record;
  return changes.length + waits.length + said.length + commands.length > 0 || attempts > 1 || isInFlight(record);
}

/** What a step said and waited for, in the order of time. */
export function stepMoments({ waits, said }: StepRecord): Moment[] {
  const waited = waits.map(({ at, title, because }) => ({ at, text: `waited for ${title}; last reason: ${because}` }));
  return [...waited, ...said].sort((left, right) => (left.at < right.at ? -1 : left.at > right.at ? 1 : 0));
}

/** "exit 1, 41 s". */
export function evidenceEnd({ exitCode, durationMs }: Evidence): string {
  const ended = exitCode === null ? "did not end" : `exit ${exitCode}`;
  return durationMs === undefined ? ended : `${ended}, ${formatDuration(durationMs)}`;
}

/** Time of day of an event, UTC; the text as it is when it is no ISO 8601 time. */
export function timeOfDay(at: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(at) ? at.slice(11, 19) : at;
}

/** Phases with the time from their first start to their last end, and their part of the longest. */
export function phaseTimes({ tally }: AsRunRecord): { phase: string; tookMs: number; steps: number; share: number }[] {
  const times = [...tally.phases.values()].flatMap(({ phase, startedMs, endedMs, steps }) =>
    startedMs === undefined || endedMs === undefined ? [] : [{ phase, tookMs: endedMs - startedMs, steps }],
  );
  const longest = times.reduce((most, { tookMs }) => Math.max(most, tookMs), 1);
  return times.map((time) => ({ ...time, share: time.tookMs / longest }));
}

/** What the next person does: only for a run that did not come to a good end. */
export function nextWords(record: AsRunRecord): string | undefined {
  const { tally } = record;
  const flying = record.steps.filter(isInFlight).length;
  if (flying > 0)
    return `${countOf(flying, "step")} had started and the journal does not say how ${flying === 1 ? "it" : "they"} ended. Running the same command again looks at the hosts first and goes on from what is there.`;
  if (tally.ended === undefined)
    return "The run was cut off between two steps. Running the same command again goes on from there.";
  if (tally.problems.length > 0)
    return "The problems below have to be solved; then running the same command again goes on from there.";
  if (!tally.succeeded) return "Some steps did not run. Running the same command again goes on from there.";
  return undefined;
}
