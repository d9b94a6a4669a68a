import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunEvent } from "../engine/events.ts";
import { type LockOwner, parseLockOwner } from "../engine/lock-record.ts";
import type { StepId } from "../engine/step.ts";
import { ProblemError } from "../problems/problem.ts";
import { eventOf } from "./event-shape.ts";
import { isRunId, runFolder, type StateFolder } from "./state-folder.ts";
import { isMissing, readProblem } from "./write-problem.ts";

/** One run as its journal tells it. */
export interface RunSummary {
  readonly run: string;
  /**
   * "interrupted": the user ended it early, in good order. "cut-off": its process ended without finishing it, by
   * `kill -9` or a power cut.
   */
  readonly state: "finished" | "interrupted" | "running" | "cut-off";
  readonly startedAt: string;
  /** Time of the last event. */
  readonly lastAt: string;
  readonly cluster: string;
  readonly intention: string;
  readonly by: string;
  readonly version: string;
  readonly planDigest: string;
  /** Steps the plan meant to run, and others that turned out to be needed. */
  readonly stepCount: number;
  readonly applied: number;
  readonly failed: readonly StepId[];
  /** Started and not finished: what was in flight when the run was cut off, or is in flight now. */
  readonly inFlight: readonly StepId[];
}

export interface RunRecord {
  readonly summary: RunSummary;
  readonly events: readonly RunEvent[];
  /**
   * Lines that could not be read. One at the end is usual after a power cut; more mean that the file was edited or
   * is of another version. */
  readonly unreadableLines: number;
}

/** All runs of a cluster, oldest first. A folder without a readable start of a journal is not a run. */
export async function readRuns(folder: StateFolder, isGone: (owner: LockOwner) => boolean): Promise<RunSummary[]> {
  const summaries: RunSummary[] = [];
  for (const run of await runIds(folder)) {
    const record = await readRecord(folder, run, isGone);
    if (record !== undefined) summaries.push(record.summary);
  }
  return summaries;
}

/** One run with all its events. Throws `state/no-such-run`. */
export async function readRun(
  folder: StateFolder,
  run: string,
  isGone: (owner: LockOwner) => boolean,
): Promise<RunRecord> {
  const record = await readRecord(folder, run, isGone);
  if (record !== undefined) return record;
  throw new ProblemError({
    code: "state/no-such-run",
    severity: "error",
    message: `run ${run} has no journal in ${folder.runs}`,
    hint: { text: "see which runs there are", command: "slipway runs list" },
  });
}

/** The newest run, when it was cut off: for "these steps were in flight". */
export async function readCutOffRun(
  folder: StateFolder,
  isGone: (owner: LockOwner) => boolean,
): Promise<RunSummary | undefined> {
  for (const run of (await runIds(folder)).reverse()) {
    const record = await readRecord(folder, run, isGone);
    if (record !== undefined) return record.summary.state === "cut-off" ? record.summary : undefined;
  }
  return undefined;
}

/** The id of the newest run, whatever is left of it. */
export async function lastRunId(folder: StateFolder): Promise<string | undefined> {
  return (await runIds(folder)).at(-1);
}

async function runIds(folder: StateFolder): Promise<string[]> {
  const names = await orMissing(folder.runs, readdir(folder.runs));
  return (names ?? []).filter(isRunId).sort();
}

async function readRecord(
  folder: StateFolder,
  run: string,
  isGone: (owner: LockOwner) => boolean,
): Promise<RunRecord | undefined> {
  const path = runFolder(folder, run);
  const text = await orMissing(path, readFile(join(path, "journal.jsonl"), "utf8"));
  if (text === undefined) return undefined;
  const { events, unreadableLines } = parseJournal(text);
  const ownerText = await orMissing(path, readFile(join(path, "process.json"), "utf8"));
  const owner = ownerText === undefined ? undefined : parseLockOwner(ownerText);
  const summary = summarise(run, events, owner === undefined || isGone(owner));
  return summary && { summary, events, unreadableLines };
}

function parseJournal(text: string): { events: RunEvent[]; unreadableLines: number } {
  const events: RunEvent[] = [];
  let unreadableLines = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const event = parseEvent(line);
    if (event === undefined) unreadableLines += 1;
    else events.push(event);
  }
  return { events, unreadableLines };
}

function parseEvent(line: string): RunEvent | undefined {
  try {
    return eventOf(JSON.parse(line));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function summarise(run: string, events: readonly RunEvent[], isGone: boolean): RunSummary | undefined {
  const start = events.find((event) => event.type === "run-started");
  const last = events.at(-1);
  if (start === undefined || last === undefined) return undefined;
  const inFlight = new Set<StepId>();
  const failed: StepId[] = [];
  let applied = 0;
  let isFinished = false;
  let isInterrupted = false;
  const steps = new Set<StepId>(start.steps.map((step) => step.id));
  for (const event of events) {
    if (event.type === "step-started") inFlight.add(event.step);
    if (event.type === "run-interrupted") isInterrupted = true;
    if (event.type === "run-finished") isFinished = true;
    if (event.type !== "step-finished") continue;
    inFlight.delete(event.step);
    if (event.outcome !== "satisfied") steps.add(event.step);
    if (event.outcome === "applied") applied += 1;
    if ("problem" in event) failed.push(event.step);
  }
  const { cluster, intention, by, version, planDigest } = start;
  return {
    run,
    state: isFinished ? (isInterrupted ? "interrupted" : "finished") : isGone ? "cut-off" : "running",
    startedAt: start.at,
    lastAt: last.at,
    cluster,
    intention,
    by,
    version,
    planDigest,
    stepCount: steps.size,
    applied,
    failed,
    inFlight: [...inFlight],
  };
}

async function orMissing<T>(path: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw readProblem(path, error);
  }
}
