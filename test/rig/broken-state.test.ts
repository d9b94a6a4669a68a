import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readRun, readRuns } from "../../src/state/read-runs.ts";
import { openRunJournal } from "../../src/state/run-journal.ts";
import { stateFolder } from "../../src/state/state-folder.ts";
import { thisProcess } from "../../src/state/this-process.ts";
import { type CliRig, cliRig, closedPorts, unreachableCluster } from "../support/cli-rig.ts";
import { sampleRun } from "../support/sample-run.ts";

/** A small file system of its own, where the kernel and our rights allow one. */
function mountSmall(folder: string, sizeBytes: number): boolean {
  mkdirSync(folder, { recursive: true });
  return spawnSync("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", folder]).status === 0;
}

function fill(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(join(folder, "filler"), Buffer.alloc(bavail * bsize));
}

const mayMount = ((): boolean => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-mount-"));
  const may = mountSmall(folder, 65_536);
  if (may) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true });
  return may;
})();

const id = "20261121T041529.123Z-3f9a2c";
let rig: CliRig;
let state: string;
beforeEach(async () => {
  rig = cliRig();
  rig.file("cluster.yaml", unreachableCluster(await closedPorts(4)));
  state = join(rig.folder, ".slipway");
  if (mayMount) mountSmall(state, 65_536);
});
afterEach(() => {
  if (mayMount) spawnSync("umount", [state]);
  rig[Symbol.dispose]();
});

describe.skipIf(!mayMount)("a state folder on a full disk", () => {
  test("keeps apply from starting, and leaves nothing that looks like a run", async () => {
    fill(state);
    const end = await rig.run(["apply", "--yes", "--continue-on-error", "-o", "json"]);
    expect(end.code).toBe(3);
    expect(end.stderr).toContain("state/cannot-write");
    expect(end.stderr).toContain("the disk is full");
    expect(JSON.parse(end.stdout)).toMatchObject({ exitCode: 3, run: null, applied: 0 });
    expect((await rig.run(["runs", "list", "-o", "json"])).stdout).toBe("[]\n");
    expect(readdirSync(state)).not.toContain("runs");
  });

  test("takes no saved plan, and keeps the one that was there", async () => {
    writeFileSync(join(state, "plan.json"), "the old one");
    fill(state);
    const end = await rig.run(["plan", "--out", ".slipway/plan.json"]);
    expect(end.code).toBe(3);
    expect(end.stderr).toContain("the disk is full");
    expect(readdirSync(state).sort()).toEqual(["filler", "plan.json"]);
  });

  test("that fills up during a run is told at once, and loses nothing that was told to be kept", async () => {
    const folder = stateFolder(join(rig.folder, "cluster.yaml"), "away");
    const journal = openRunJournal(folder, id, thisProcess());
    const events = sampleRun.map((event) => ({ ...event, run: id }));
    const [start, ...rest] = events;
    if (start === undefined) throw new Error("the sample is empty");
    journal.append(start);
    await journal.synced();
    let kept = 1;
    fill(state);
    const failure = await (async () => {
      for (let round = 0; round < 1000; round += 1)
        for (const event of rest) {
          journal.append(event);
          await journal.synced();
          kept += 1;
        }
      return undefined;
    })().catch((error: unknown) => error);
    expect(failure).toMatchObject({ problem: { code: "state/cannot-write", because: "the disk is full" } });
    await journal.close();
    const { events: read, unreadableLines } = await readRun(folder, id, () => true);
    expect(read.slice(0, kept)).toEqual([start, ...Array.from({ length: kept - 1 }, (_, n) => rest[n % rest.length])]);
    expect(unreadableLines).toBeLessThanOrEqual(1);
    expect(await readRuns(folder, () => true)).toMatchObject([{ run: id }]);
  });
});

describe.skipIf(!mayMount)("a state folder that is read-only", () => {
  test("keeps apply from starting, and nothing from being read", async () => {
    rig.file(
      `.slipway/away/runs/${id}/journal.jsonl`,
      sampleRun.map((event) => JSON.stringify({ ...event, run: id })).join("\n"),
    );
    expect(spawnSync("mount", ["-o", "remount,ro", state]).status).toBe(0);
    const end = await rig.run(["apply", "--yes", "--continue-on-error"]);
    expect(end.code).toBe(3);
    expect(end.stderr).toContain("state/cannot-write");
    expect(end.stderr).toContain("the file system is read-only");
    for (const command of ["plan", "status"]) {
      const read = await rig.run([command]);
      expect({ command, code: read.code }).toEqual({ command, code: 5 });
    }
    expect((await rig.run(["runs", "list"])).stdout).toContain(id);
    expect((await rig.run(["runs", "show"])).stdout).toMatch(/^# As run: /);
  });
});

describe("a clock that was set back", () => {
  test("leaves the run that was written last the last", async () => {
    if (mayMount) spawnSync("umount", [state]);
    const later = "20991231T235959.000Z-3f9a2c";
    for (const run of [id, later])
      rig.file(
        `.slipway/away/runs/${run}/journal.jsonl`,
        sampleRun.map((event) => JSON.stringify({ ...event, run })).join("\n"),
      );
    const shown = JSON.parse((await rig.run(["runs", "show", "-o", "json"])).stdout);
    expect(shown.summary.run).toBe(later);
  });
});
