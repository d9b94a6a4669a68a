import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Lab } from "../../src/lab/lab.ts";
import { table } from "../../src/report/table.ts";
import { appliedLabCluster } from "../../test/support/lab-cluster.ts";
import { loadNote, machine, machineLine } from "../report/machine.ts";
import { median } from "../report/median.ts";
import { keyCount, roles, startWriters, type Writers } from "./members.ts";
import { type Loss, lossIn } from "./writes.ts";

// What clients that write to etcd notice when it loses a member, and that Slipway does not take away a second one.
const { values } = parseArgs({ options: { json: { type: "string" }, repetitions: { type: "string", default: "3" } } });
const repetitions = Number(values.repetitions);
const members = ["cp-1", "cp-2", "cp-3"];
const load = { writers: 4, attemptWithinMs: 2000, writeWithinMs: 10_000 };
const watchMs = 12_000;

interface Scenario {
  readonly title: string;
  readonly who: "leader" | "follower";
  strike(lab: Lab, member: string): Promise<unknown>;
  mend?(lab: Lab, member: string): Promise<unknown>;
}
const kill = (lab: Lab, member: string) => lab.exec(member, ["systemctl", "kill", "--signal=KILL", "etcd"]);
const scenarios: readonly Scenario[] = [
  { title: "kill -9 the leader", who: "leader", strike: kill },
  { title: "kill -9 a follower", who: "follower", strike: kill },
  {
    title: "power cut of the leader's host",
    who: "leader",
    strike: (lab, member) => lab.powerOff(member),
    mend: (lab, member) => lab.powerOn(member),
  },
];

interface Sample {
  readonly scenario: string;
  readonly member: string;
  readonly loss: Loss;
  /** From the strike, or from its mending, to all members healthy and caught up. */
  readonly backAfterMs: number;
}

async function wellAgain(lab: Lab): Promise<NonNullable<Awaited<ReturnType<typeof roles>>>> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const found = await roles(lab, members);
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error("etcd was not healthy within 120 s");
    await pause(200);
  }
}

async function measure(lab: Lab, scenario: Scenario, { writes }: Writers): Promise<Sample> {
  const { leader, followers } = await wellAgain(lab);
  const member = scenario.who === "leader" ? leader : (followers[0] ?? "");
  const from = Date.now();
  await scenario.strike(lab, member);
  await pause(scenario.mend === undefined ? 0 : watchMs);
  const mendedAt = scenario.mend === undefined ? from : Date.now();
  await scenario.mend?.(lab, member);
  await wellAgain(lab);
  const backAfterMs = Date.now() - mendedAt;
  await pause(Math.max(0, from + watchMs - Date.now()));
  return { scenario: scenario.title, member, loss: lossIn(writes, from, Date.now()), backAfterMs };
}

const say = (text: string) => process.stdout.write(`${text}\n`);
const told = ({ writes, failed, failedTries, longestSilenceMs, electedAfterMs, failedAfterElection }: Loss) =>
  `${writes} writes, ${failed} failed (${failedAfterElection} after the election), ${failedTries} tries repeated; ` +
  `longest ${longestSilenceMs} ms without an acknowledged write${electedAfterMs === undefined ? "" : `, new leader after ${electedAfterMs} ms`}`;

const before = machine();
const samples: Sample[] = [];
let refusal: { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string };
let rollout: Loss & { readonly exitCode: number | null };
let missing: number;
say(`${machineLine(before)}\n${loadNote(before)}`);
{
  const roleLists = members.map((name) => [name, ["control-plane", "etcd"]] as const);
  await using cluster = await appliedLabCluster({ name: "loss", machines: Object.fromEntries(roleLists) });
  const { lab, folder } = cluster;
  await using writers = await startWriters(lab, members, load);
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    for (const scenario of scenarios) {
      const sample = await measure(lab, scenario, writers);
      samples.push(sample);
      say(
        `${repetition}. ${scenario.title} (${sample.member}): ${told(sample.loss)}; all well ${sample.backAfterMs} ms later`,
      );
    }
  }

  const file = join(folder.path, "cluster.yaml");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace("topology: external", "topology: external\n    snapshotCount: 20000"));
  const { followers } = await wellAgain(lab);
  const [gone = "", ...rest] = followers;
  await lab.powerOff(gone);
  const others = members.filter((member) => member !== gone).join(",");
  say(`\n${gone} is off, and etcd.snapshotCount is another. slipway apply --yes --limit ${others}:`);
  refusal = await folder.slipway(["apply", "--yes", "--limit", others]);
  say(`${refusal.stdout}${refusal.stderr}exit code ${refusal.exitCode}`);
  await lab.powerOn(gone);
  await wellAgain(lab);

  const from = Date.now();
  const { exitCode } = await folder.slipway(["apply", "--yes"]);
  rollout = { ...lossIn(writers.writes, from, Date.now()), exitCode };
  say(
    `\n${gone} is back; slipway apply --yes restarts ${rest.length + 2} members: exit code ${exitCode}; ${told(rollout)}`,
  );
  await writers[Symbol.asyncDispose]();
  await wellAgain(lab);
  const acknowledged = writers.writes.filter(({ term }) => term !== undefined).length;
  const counts = await Promise.all(members.map((member) => keyCount(lab, member)));
  missing = Math.max(0, acknowledged - Math.min(...counts));
  say(`${acknowledged} acknowledged writes, ${counts.join(", ")} keys on ${members.join(", ")}: ${missing} missing`);
}

const rows = scenarios.map(({ title }) => {
  const own = samples.filter((sample) => sample.scenario === title);
  const of = (value: (one: Sample) => number) => own.map(value);
  return {
    title,
    repetitions: own.length,
    silenceMedianMs: Math.round(median(of(({ loss }) => loss.longestSilenceMs))),
    silenceMaxMs: Math.max(...of(({ loss }) => loss.longestSilenceMs)),
    writes: of(({ loss }) => loss.writes),
    failed: of(({ loss }) => loss.failed),
    failedAfterElection: of(({ loss }) => loss.failedAfterElection),
    backAfterMaxMs: Math.max(...of(({ backAfterMs }) => backAfterMs)),
  };
});
type Row = (typeof rows)[number];
say(
  `\n${table(rows, [
    { title: "what happens", value: (row: Row) => row.title },
    { title: "no write for, median ms", value: (row: Row) => row.silenceMedianMs, align: "right" },
    { title: "max ms", value: (row: Row) => row.silenceMaxMs, align: "right" },
    { title: "writes", value: (row: Row) => row.writes.join(", "), align: "right" },
    { title: "failed", value: (row: Row) => row.failed.join(", "), align: "right" },
    { title: "after election", value: (row: Row) => row.failedAfterElection.join(", "), align: "right" },
    { title: "all well, max ms", value: (row: Row) => row.backAfterMaxMs, align: "right" },
  ])}`,
);
if (values.json !== undefined) {
  await mkdir(dirname(values.json), { recursive: true });
  await writeFile(
    values.json,
    `${JSON.stringify({ machine: before, load, rows, samples, refusal, rollout, missing }, null, 2)}\n`,
  );
}
const isRefused = refusal.exitCode === 3 && `${refusal.stdout}${refusal.stderr}`.includes("etcd/quorum-at-risk");
const nothingLost = rows.every((row) => row.failedAfterElection.every((count) => count === 0)) && missing === 0;
process.exitCode = isRefused && nothingLost && rollout.failed === 0 && rollout.exitCode === 0 ? 0 : 1;
