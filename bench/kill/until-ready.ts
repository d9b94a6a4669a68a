import { cp } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openBundle } from "../../src/artifacts/bundle.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { readRun } from "../../src/state/read-runs.ts";
import { stateFolder } from "../../src/state/state-folder.ts";
import { testLab } from "../../test/support/lab.ts";
import { failureOf, whatIsPlanned } from "./campaign.ts";
import { clusterFile, type Machines } from "./cluster.ts";
import { differences, type EndState } from "./end-state.ts";
import { readKubeState } from "./kube-state.ts";
import { kubernetesFile, type Topology } from "./kubernetes-file.ts";
import { seededFraction } from "./seeded.ts";
import { makeWorkFolder, type WorkFolder } from "./work-folder.ts";

/** A kill between the first `kubeadm init` and Ready. */
export interface Kill {
  readonly seed: number;
  readonly install: number;
  readonly killAfterMs: number;
  readonly inFlight: readonly string[];
}

/** An install that was killed several times, and then finished. */
export interface KilledInstall {
  readonly kills: readonly Kill[];
  /** Of the last apply. */
  readonly lastMs: number;
  /** Whatever is not as after an unbroken install; empty is a pass. */
  readonly wrong: readonly string[];
}

export interface UntilReadyOptions {
  readonly seed: number;
  readonly kills: number;
  readonly killsPerInstall: number;
  readonly bundle: string;
  readonly topology: Topology;
  readonly folder: string;
  /** `Date.now()` after which no further install is started. */
  readonly notAfter: number;
  readonly say: (text: string) => void;
  /** After every install, so that a run that is cut off keeps what it found. */
  readonly keep: (installs: readonly KilledInstall[]) => Promise<void>;
}

/** The fewest that have everything: a quorum of control planes that join one another, a worker, an entry point. */
const machines: Machines = {
  "lb-1": ["load-balancer"],
  "cp-1": ["control-plane", "etcd"],
  "cp-2": ["control-plane", "etcd"],
  "cp-3": ["control-plane", "etcd"],
  "w-1": ["worker"],
};

/** Longest wait for what a cluster does by itself after the last apply: pods that restart, a virtual IP that moves. */
const settlesWithinMs = 90_000;

/**
 * Installs from machines that have all programs and images, and kills Slipway at random moments between the first
 * `kubeadm init` and the end: several times within an install, each time later than before by what one more part of an
 * unbroken install took. Every install ends with an apply nobody disturbs, and is compared with an unbroken one.
 */
export async function killUntilReady(options: UntilReadyOptions): Promise<readonly KilledInstall[]> {
  const { folder, say } = options;
  await using lab = await testLab({ name: "kill", machines: Object.keys(machines) });
  say(`lab ${lab.name} is up; files of the runs are in ${folder}`);
  const virtualIp = lab.freeAddress(10);
  const text = kubernetesFile(clusterFile(lab, machines, virtualIp), openBundle(options.bundle), options.topology);
  const prepared = await makeWorkFolder(join(folder, "prepared"), lab, text, { whole: true });
  await withoutWayOut(lab);
  const ended = await prepared.slipway(["apply", "--yes", "--through", "artifacts"]);
  if (ended.exitCode !== 0) throw new Error(failureOf(ended).join("\n"));
  say(`programs and images are in place after ${(ended.durationMs / 1000).toFixed(1)} s`);
  await everywhere(lab, async (machine) => {
    await lab.shutDown(machine);
    await lab.saveDisk(machine, "prepared");
  });

  const install = async (name: string): Promise<WorkFolder> => {
    await everywhere(lab, async (machine) => {
      if (await lab.isOn(machine)) await lab.powerOff(machine);
      await lab.restoreDisk(machine, "prepared");
      await lab.powerOn(machine);
    });
    await withoutWayOut(lab);
    // The vault and its key belong to what is on the disks.
    await cp(prepared.path, join(folder, name), { recursive: true });
    return await makeWorkFolder(join(folder, name), lab, text, { whole: true });
  };
  const read = async (at: WorkFolder) => await readKubeState(lab, virtualIp, at, "cp-1");

  const unbroken = await install("unbroken");
  const reference = await unbroken.slipway(["apply", "--yes"]);
  const wrong = [...failureOf(reference), ...(await whatIsPlanned(unbroken))];
  if (wrong.length > 0) throw new Error(`an apply that nobody disturbed: ${wrong.join("\n")}`);
  const wanted = await read(unbroken);
  const timing = await timingOf(unbroken, lab.name, reference.durationMs);
  say(
    `an unbroken install from there takes ${(reference.durationMs / 1000).toFixed(1)} s, ` +
      `${(timing.windowMs / 1000).toFixed(1)} s of them from init on`,
  );

  const installs: KilledInstall[] = [];
  let [done, nextSeed] = [0, options.seed];
  while (done < options.kills && Date.now() < options.notAfter) {
    const count = Math.min(options.killsPerInstall, options.kills - done);
    const at = await install(`install-${installs.length + 1}`);
    const killed = await killSeveralTimes(at, nextSeed, count, installs.length + 1, timing, say);
    // A kill that came too late is made up for by another seed.
    [done, nextSeed] = [done + killed.length, nextSeed + count];
    const last = await at.slipway(["apply", "--yes"]);
    const found = [
      ...failureOf(last),
      ...(await whatIsPlanned(at)),
      ...(await settled(wanted, async () => await read(at))),
    ];
    installs.push({ kills: killed, lastMs: Math.round(last.durationMs), wrong: found });
    await options.keep(installs);
    const verdict = found.length === 0 ? "same" : "DIFFERENT";
    say(
      `install ${installs.length}: ${killed.length} kills, finished in ${(last.durationMs / 1000).toFixed(1)} s; ${verdict}`,
    );
    for (const line of found) say(`    ${line}`);
  }
  return installs;
}

interface Timing {
  /** From the start of the process to the start of the first step. */
  readonly planMs: number;
  /** From the start of the process to `kubeadm init`. */
  readonly initMs: number;
  /** From there to the end. */
  readonly windowMs: number;
}

/** Kills at the seeds' moments, in their order: each apply is ended when it has come as much further. */
async function killSeveralTimes(
  at: WorkFolder,
  firstSeed: number,
  count: number,
  install: number,
  timing: Timing,
  say: (text: string) => void,
): Promise<readonly Kill[]> {
  const moments = Array.from({ length: count }, (_, index) => firstSeed + index)
    .map((seed) => ({ seed, at: seededFraction(seed) }))
    .sort((a, b) => a.at - b.at);
  const kills: Kill[] = [];
  let [reached, startMs] = [0, timing.initMs];
  for (const moment of moments) {
    const killAfterMs = Math.round(startMs + (moment.at - reached) * timing.windowMs);
    const ended = await at.slipway(["apply", "--yes"], killAfterMs);
    if (ended.exitCode !== null) {
      say(`  seed ${moment.seed}: the apply had ended before ${killAfterMs} ms, with exit code ${ended.exitCode}`);
      if (ended.exitCode === 0) break;
      for (const line of failureOf(ended)) say(`    ${line}`);
      continue;
    }
    const inFlight = (await at.runs()).at(-1)?.inFlight ?? [];
    kills.push({ seed: moment.seed, install, killAfterMs, inFlight: inFlight.map(String) });
    say(
      `  seed ${moment.seed}: killed after ${(killAfterMs / 1000).toFixed(1)} s, in flight: ${inFlight.join(", ") || "nothing"}`,
    );
    [reached, startMs] = [moment.at, timing.planMs];
  }
  return kills;
}

async function timingOf(at: WorkFolder, cluster: string, durationMs: number): Promise<Timing> {
  const run = (await at.runs()).at(-1);
  const { events } = await readRun(stateFolder(join(at.path, "cluster.yaml"), cluster), run?.run ?? "", () => true);
  const [first, last] = [events[0], events.at(-1)];
  const init = events.find((event) => event.type === "step-started" && event.step === "control-plane.init");
  if (first === undefined || last === undefined || init === undefined) throw new Error("the unbroken run has no init");
  const planMs = durationMs - (Date.parse(last.at) - Date.parse(first.at));
  const initMs = planMs + Date.parse(init.at) - Date.parse(first.at);
  return { planMs, initMs, windowMs: durationMs - initMs };
}

/** What is different, after giving the cluster the time it needs for what it does by itself. */
async function settled(wanted: EndState, read: () => Promise<EndState>): Promise<readonly string[]> {
  const deadline = Date.now() + settlesWithinMs;
  for (;;) {
    const found = differences(wanted, await read());
    if (found.length === 0 || Date.now() > deadline) return found;
    await pause(3000);
  }
}

async function everywhere(lab: Lab, work: (machine: string) => Promise<unknown>): Promise<void> {
  await Promise.all(lab.machines.map(async ({ name }) => await work(name)));
}

async function withoutWayOut(lab: Lab): Promise<void> {
  await everywhere(lab, async (machine) => await lab.exec(machine, ["ip", "route", "flush", "default"]));
}
