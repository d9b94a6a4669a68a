import { appendFile, mkdir, mkdtemp, readFile, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunEvent } from "../engine/events.ts";
import type { StepId } from "../engine/step.ts";
import { newRunId } from "./new-run-id.ts";
import { readCutOffRun, readRun, readRuns } from "./read-runs.ts";
import { openRunJournal } from "./run-journal.ts";
import { runFolder, type StateFolder, stateFolder } from "./state-folder.ts";
import { isGone, thisProcess } from "./this-process.ts";

let root: string;
let folder: StateFolder;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-state-"));
  folder = stateFolder(join(root, "cluster.yaml"), "toy");
});
afterEach(async () => await rm(root, { recursive: true }));

const id = (text: string) => text as StepId;

function started(run: string, ...steps: string[]): RunEvent {
  return {
    at: "2026-01-01T00:00:00.000Z",
    run,
    type: "run-started",
    cluster: "toy",
    intention: "install",
    by: "ann@laptop",
    version: "0.1.0",
    planDigest: "d",
    satisfied: 0,
    steps: steps.map((one) => ({ id: id(one), title: one, phase: "p", on: "a", impact: "none" })),
  };
}

function stepStarted(run: string, step: string): RunEvent {
  return { at: "2026-01-01T00:00:01.000Z", run, type: "step-started", step: id(step), attempt: 1 };
}

function stepApplied(run: string, step: string): RunEvent {
  const base = { at: "2026-01-01T00:00:02.000Z", run, step: id(step), durationMs: 5 };
  return { ...base, type: "step-finished", outcome: "applied", changes: [] };
}

function finished(run: string): RunEvent {
  const numbers = { notStarted: 0, applied: 1, durationMs: 5, connections: 1, roundTrips: 2 };
  return { at: "2026-01-01T00:00:03.000Z", run, type: "run-finished", failed: [], ...numbers };
}

const nobody = { ...thisProcess(), pid: 2 ** 22 + 1, startTicks: "1" };

describe("the journal of a run", () => {
  test("is on disk when synced says so, in the order of the events, and for the owner only", async () => {
    const run = newRunId(new Date());
    const journal = openRunJournal(folder, run, thisProcess());
    const events = [started(run, "one"), stepStarted(run, "one")];
    for (const event of events) journal.append(event);
    await journal.synced();
    const lines = (await readFile(journal.path, "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(events);
    expect((await stat(journal.path)).mode & 0o777).toBe(0o600);
    expect((await stat(folder.root)).mode & 0o777).toBe(0o700);
    await journal.close();
  });

  test("makes nothing before the first event", async () => {
    const journal = openRunJournal(folder, newRunId(new Date()), thisProcess());
    await journal.synced();
    await journal.close();
    expect(await readRuns(folder, isGone)).toEqual([]);
    await expect(stat(folder.root)).rejects.toThrow("ENOENT");
  });

  test("keeps every one of 2,000 events appended and synced at the same time", async () => {
    const run = newRunId(new Date());
    const journal = openRunJournal(folder, run, thisProcess());
    const steps = Array.from({ length: 2000 }, (_, index) => `s${index}`);
    journal.append(started(run, ...steps));
    await Promise.all(
      steps.map((step) => {
        journal.append(stepStarted(run, step));
        return journal.synced();
      }),
    );
    await journal.close();
    const { summary, events } = await readRun(folder, run, () => true);
    expect(events).toHaveLength(2001);
    expect(summary.inFlight).toEqual(steps);
  });

  test("says that the disk is full, once and from then on", async () => {
    const run = newRunId(new Date());
    await mkdir(runFolder(folder, run), { recursive: true });
    await symlink("/dev/full", join(runFolder(folder, run), "journal.jsonl"));
    const journal = openRunJournal(folder, run, thisProcess());
    journal.append(started(run, "one"));
    await expect(journal.synced()).rejects.toMatchObject({
      problem: { code: "state/cannot-write", because: "the disk is full" },
    });
    journal.append(stepStarted(run, "one"));
    await expect(journal.synced()).rejects.toThrow("state/cannot-write");
    await journal.close();

    const unheard = openRunJournal(folder, run, thisProcess());
    unheard.append(started(run, "one"));
    await expect(unheard.close()).rejects.toThrow("state/cannot-write");
  });
});

describe("runs read back", () => {
  test("tell a finished run from one that is cut off and one that still runs, and name what was in flight", async () => {
    const runs = ["20260101T000000.000Z-aaaaaa", "20260102T000000.000Z-bbbbbb", "20260103T000000.000Z-cccccc"] as const;
    const processes = [thisProcess(), nobody, thisProcess()];
    for (const [index, run] of runs.entries()) {
      const journal = openRunJournal(folder, run, processes[index] ?? nobody);
      for (const event of [started(run, "one", "two"), stepStarted(run, "one"), stepApplied(run, "one")])
        journal.append(event);
      if (index === 0) journal.append(finished(run));
      else journal.append(stepStarted(run, "two"));
      await journal.close();
    }
    const summaries = await readRuns(folder, isGone);
    expect(summaries.map(({ run, state, inFlight, applied }) => ({ run, state, inFlight, applied }))).toEqual([
      { run: runs[0], state: "finished", inFlight: [], applied: 1 },
      { run: runs[1], state: "cut-off", inFlight: ["two"], applied: 1 },
      { run: runs[2], state: "running", inFlight: ["two"], applied: 1 },
    ]);
    expect(await readCutOffRun(folder, isGone)).toBeUndefined();
    await rm(runFolder(folder, runs[2]), { recursive: true });
    expect(await readCutOffRun(folder, isGone)).toMatchObject({ run: runs[1], inFlight: ["two"] });
  });

  test("tell a run the user interrupted, and count a step that nobody planned", async () => {
    const run = "20260104T000000.000Z-dddddd";
    const journal = openRunJournal(folder, run, thisProcess());
    const interrupted: RunEvent = {
      at: "2026-01-01T00:00:02.000Z",
      run,
      type: "run-interrupted",
      how: "finish-running",
    };
    for (const event of [
      started(run, "one"),
      stepStarted(run, "two"),
      stepApplied(run, "two"),
      interrupted,
      finished(run),
    ])
      journal.append(event);
    await journal.close();
    expect((await readRun(folder, run, isGone)).summary).toMatchObject({
      state: "interrupted",
      stepCount: 2,
      applied: 1,
    });
    expect(await readCutOffRun(folder, isGone)).toBeUndefined();
  });

  test("bear a torn last line", async () => {
    const run = newRunId(new Date());
    const journal = openRunJournal(folder, run, nobody);
    journal.append(started(run, "one"));
    journal.append(stepStarted(run, "one"));
    await journal.close();
    await appendFile(journal.path, '{"at":"2026-01-01T00:00:09.000Z","run":"x","type":"step-fin');
    const record = await readRun(folder, run, isGone);
    expect(record.unreadableLines).toBe(1);
    expect(record.summary).toMatchObject({ state: "cut-off", inFlight: ["one"] });
  });

  test("name an unknown run, and never leave the state folder", async () => {
    for (const run of ["20260101T000000.000Z-aaaaaa", "../../etc", ""])
      await expect(readRun(folder, run, isGone)).rejects.toThrow("state/no-such-run");
  });
});

describe("run ids", () => {
  test("sort by time and differ within a millisecond", () => {
    const early = newRunId(new Date("2026-11-21T04:15:29.001Z"));
    const late = newRunId(new Date("2026-11-21T04:15:29.002Z"));
    expect(early < late).toBe(true);
    expect(early).toMatch(/^20261121T041529\.001Z-[0-9a-f]{6}$/);
    const earlier = newRunId(new Date("2020-01-01T00:00:00.000Z"), late);
    expect(earlier > late && earlier.startsWith("20261121T041529.003Z-")).toBe(true);
    expect(newRunId(new Date("2026-11-22T00:00:00.000Z"), late)).toMatch(/^20261122T/);
    expect(new Set(Array.from({ length: 50 }, () => newRunId(new Date(0)))).size).toBeGreaterThan(45);
  });
});

describe("a process", () => {
  test("is gone only when that is certain", () => {
    expect(isGone(thisProcess())).toBe(false);
    expect(isGone(nobody)).toBe(true);
    expect(isGone({ ...thisProcess(), startTicks: "1" })).toBe(true);
    expect(isGone({ ...nobody, bootId: "another computer" })).toBe(false);
    expect(isGone({ ...nobody, pidNamespace: "pid:[1]" })).toBe(false);
    expect(isGone({ ...nobody, bootId: "" })).toBe(false);
  });
});

describe("the state folder", () => {
  test("stands beside the cluster file, and takes no name that leads out of it", () => {
    expect(stateFolder("/home/ann/prod/cluster.yaml", "prod").root).toBe("/home/ann/prod/.slipway/prod");
    for (const name of ["..", "a/b", "", ".", "-x", "a\nb"])
      expect(() => stateFolder("/x/cluster.yaml", name)).toThrow("state/bad-name");
  });
});
