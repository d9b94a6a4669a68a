import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { foundBundle } from "../../src/artifacts/found-bundle.ts";
import type { RunEvent } from "../../src/engine/events.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { table } from "../../src/report/table.ts";
import { readRun, readRuns } from "../../src/state/read-runs.ts";
import { stateFolder } from "../../src/state/state-folder.ts";
import { type TimedRun, timedRun } from "../converge/timed-program.ts";
import type { Topology } from "../kill/kubernetes-file.ts";
import { loadNote, machine, machineLine } from "../report/machine.ts";
import { median } from "../report/median.ts";
import { takeInput, unpackBundle } from "./hand-input.ts";
import { bootWith, type InstallMachines } from "./machines.ts";
import { longestSteps, phasesOf, type Stage, stagesOf } from "./timeline.ts";

/**
 * From seven bare machines with no route out to a verified cluster: one apply of Slipway, next to a parallel shell
 * script (by-hand.sh) that gives new machines of the same kind the same files, packages, programs and images, runs the
 * same kubeadm commands and waits for the same. They take turns. Needs root, as the lab does, and a bundle.
 */
const { values } = parseArgs({
  options: {
    topology: { type: "string", default: "both" },
    repetitions: { type: "string", default: "1" },
    bundle: { type: "string" },
    json: { type: "string" },
    /** Minutes after which no further run is started. */
    "within-minutes": { type: "string", default: "60" },
    /** Keeps cluster files, journals and outputs. */
    keep: { type: "boolean", default: false },
  },
});
const topologies: readonly Topology[] =
  values.topology === "both" ? ["external", "stacked"] : [values.topology === "stacked" ? "stacked" : "external"];
const bundle = values.bundle ?? foundBundle();
if (bundle === undefined) {
  process.stderr.write("there is no bundle of Kubernetes: name one by --bundle or $SLIPWAY_BUNDLE\n");
  process.exit(2);
}
/** The goal of the project: at most so many times as long as by hand. */
const goal = 1.15;
/** No install takes so long; one that hangs is ended. */
const longestSeconds = 1500;

const slipwayFile = fileURLToPath(new URL("../../bin/slipway.js", import.meta.url));
const scriptFile = fileURLToPath(new URL("by-hand.sh", import.meta.url));

interface Install {
  readonly topology: Topology;
  readonly contender: "slipway" | "by hand";
  readonly seconds: number;
  /** One-minute load average right before. */
  readonly load: number;
  readonly stages: readonly Stage[];
  readonly longest?: readonly { readonly step: string; readonly seconds: number }[];
}
const installs: Install[] = [];

function tell(text: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${text}\n`);
}

async function bounded(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<TimedRun> {
  return await timedRun({ argv: ["timeout", "--kill-after=10", String(longestSeconds), ...argv], env });
}

async function bySlipway(machines: InstallMachines, topology: Topology, folder: string): Promise<readonly RunEvent[]> {
  const runtime = join(folder, "run");
  mkdirSync(runtime, { mode: 0o700 });
  const slipway = (...args: readonly string[]) =>
    bounded([process.execPath, slipwayFile, "-f", machines.clusterFile, ...args], { XDG_RUNTIME_DIR: runtime });
  const { load } = machine();
  const applied = await slipway("apply", "--yes");
  const plan = JSON.parse((await slipway("plan", "-o", "json")).stdout) as Plan;
  const left = plan.steps.filter((step) => step.state !== "satisfied");
  if (left.length > 0) throw new Error(`there is something to do right after apply: ${JSON.stringify(left, null, 2)}`);
  const state = stateFolder(machines.clusterFile, machines.spec.name);
  const [first] = await readRuns(state, () => true);
  const { events } = await readRun(state, first?.run ?? "", () => true);
  const [stages, longest] = [phasesOf(events), longestSteps(events, 25)];
  note({ topology, contender: "slipway", seconds: applied.ms / 1000, load, stages, longest });
  return events;
}

async function byHand({ lab, spec }: InstallMachines, topology: Topology, input: string): Promise<void> {
  copyFileSync(lab.sshConfigFile, join(input, "ssh_config"));
  const { load } = machine();
  const run = await bounded(["bash", scriptFile, input], {});
  const kubectl = ["env", "KUBECONFIG=/etc/kubernetes/admin.conf", "kubectl", "get", "nodes", "--no-headers"];
  const nodes = (await lab.exec("cp-1", kubectl)).stdout.trim().split("\n");
  const wanted = spec.hosts.filter(({ roles }) => !roles.includes("load-balancer")).length;
  if (nodes.length !== wanted || !nodes.every((line) => / Ready /.test(line)))
    throw new Error(`the script ended without ${wanted} Ready nodes:\n${nodes.join("\n")}`);
  note({ topology, contender: "by hand", seconds: run.ms / 1000, load, stages: stagesOf(run.stdout) });
}

function note(install: Install): void {
  installs.push(install);
  tell(`  ${install.topology}, ${install.contender}: ${install.seconds.toFixed(1)} s`);
  for (const { name, fromS, toS } of install.stages) tell(`    ${fromS} to ${toS} s  ${name}`);
}

async function measure(boot: ReturnType<typeof bootWith>, topology: Topology, folder: string): Promise<void> {
  const input = join(folder, `${topology}-input`);
  mkdirSync(input);
  symlinkSync(join(folder, "artifacts"), join(input, "artifacts"));
  for (let repetition = 1; repetition <= Number(values.repetitions); repetition += 1) {
    if (performance.now() > Number(values["within-minutes"]) * 60_000) {
      tell(`no time left for ${topology}, repetition ${repetition}`);
      return;
    }
    tell(`${topology}, repetition ${repetition} of ${values.repetitions}`);
    const own = join(folder, `${topology}-${repetition}`);
    {
      await using machines = await boot(topology, own);
      const events = await bySlipway(machines, topology, own);
      if (repetition === 1) await takeInput(machines, events, topology, input);
    }
    await using machines = await boot(topology, join(own, "by-hand"));
    await byHand(machines, topology, input);
  }
}

const before = machine();
process.stdout.write(`${machineLine(before)}; seven machines of a lab, bundle ${bundle}\n${loadNote(before)}`);
const folder = mkdtempSync(join(tmpdir(), "slipway-bench-install-"));
try {
  tell("unpacking the bundle for the script");
  await unpackBundle(bundle, join(folder, "artifacts"));
  const boot = bootWith(bundle);
  for (const topology of topologies) {
    try {
      await measure(boot, topology, folder);
    } catch (error) {
      process.exitCode = 1;
      tell(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
  const rows = topologies.flatMap((topology) =>
    (["slipway", "by hand"] as const).flatMap((contender) => {
      const own = installs.filter((one) => one.topology === topology && one.contender === contender);
      const seconds = own.map((one) => one.seconds);
      return own.length === 0
        ? []
        : [{ topology, contender, seconds, median: median(seconds), load: own.map((one) => one.load).join(" ") }];
    }),
  );
  process.stdout.write(
    `${table(rows, [
      { title: "etcd", value: (row) => row.topology },
      { title: "contender", value: (row) => row.contender },
      { title: "median s", value: (row) => row.median.toFixed(1), align: "right" },
      { title: "least", value: (row) => Math.min(...row.seconds).toFixed(1), align: "right" },
      { title: "most", value: (row) => Math.max(...row.seconds).toFixed(1), align: "right" },
      { title: "runs", value: (row) => row.seconds.length, align: "right" },
      { title: "load before", value: (row) => row.load },
    ])}\n\n`,
  );
  const ratios = topologies.flatMap((topology) => {
    const of = (contender: string) => rows.find((row) => row.topology === topology && row.contender === contender);
    const [slipway, hand] = [of("slipway")?.median, of("by hand")?.median];
    return slipway === undefined || hand === undefined ? [] : [{ topology, ratio: slipway / hand }];
  });
  for (const { topology, ratio } of ratios) {
    const verdict = ratio <= goal ? "met" : "not met";
    process.stdout.write(
      `${verdict.padEnd(7)}  ${ratio.toFixed(2)}  slipway against the script, ${topology} etcd (goal at most ${goal})\n`,
    );
  }
  const after = machine();
  process.stdout.write(`load average ${before.load} at the start, ${after.load} at the end\n`);
  if (values.json !== undefined) {
    mkdirSync(dirname(values.json), { recursive: true });
    writeFileSync(values.json, `${JSON.stringify({ before, after, ratios, installs }, null, 2)}\n`);
  }
} finally {
  if (values.keep) tell(`files of the runs are in ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
