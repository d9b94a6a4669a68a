import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import type { Plan } from "../../src/engine/plan.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { table } from "../../src/report/table.ts";
import { loadNote, machine, machineLine } from "../report/machine.ts";
import { median } from "../report/median.ts";
import { Ansible, type Declared, Slipway, sshTrue } from "./contenders.ts";
import { bootMachines, type Machines } from "./machines.ts";
import { timedRun } from "./timed-program.ts";

/**
 * The baseline on real machines of this computer: a plan with nothing to do, and the first apply, by Slipway and by
 * Ansible, next to the time in which ssh alone says nothing to all hosts. Contenders take turns, so that whatever else
 * the computer does falls on all of them. Needs root, as the lab does; installs Debian's ansible.
 */
const { values } = parseArgs({
  options: {
    hosts: { type: "string", default: "20" },
    repetitions: { type: "string", default: "5" },
    "ansible-repetitions": { type: "string", default: "3" },
    "without-ansible": { type: "boolean", default: false },
    "without-first-apply": { type: "boolean", default: false },
    "within-minutes": { type: "string", default: "60" },
    json: { type: "string" },
  },
});
const hosts = Number(values.hosts);
const repetitions = Number(values.repetitions);
const ansibleRepetitions = values["without-ansible"] ? 0 : Number(values["ansible-repetitions"]);

/** False, and told, when Ansible would end after the time that was given: with 20 hosts a run of it takes minutes. */
function hasTimeFor(what: string, expectedMs: number): boolean {
  const fits = performance.now() + expectedMs < Number(values["within-minutes"]) * 60_000;
  if (!fits) tell(`no time left for ${what}`);
  return fits;
}

function tell(text: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${text}\n`);
}

async function installAnsible(): Promise<string> {
  if (!existsSync("/usr/bin/ansible-playbook")) {
    tell("installing Debian's ansible on this computer");
    await timedRun({ argv: ["apt-get", "-q", "-y", "update"] });
    await timedRun({
      argv: ["apt-get", "-q", "-y", "install", "--no-install-recommends", "ansible"],
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
  }
  return (await timedRun({ argv: ["ansible-playbook", "--version"] })).stdout.split("\n", 1)[0] ?? "";
}

const sysctlFile = "/etc/sysctl.d/99-zz-slipway.conf";

/** What a plan of bare machines declares; files' content, and which kernel settings there are, from a machine that has them. */
async function declaredBy(plan: Plan, lab: Lab): Promise<Declared> {
  const [first] = lab.machines;
  const read = async (path: string) => (await lab.exec(first?.name ?? "", ["cat", path])).stdout;
  const changes = plan.steps.flatMap((step) => (step.state === "needed" ? step.changes : []));
  const named = (kind: string) =>
    [...new Set(changes.map(({ what }) => what))].flatMap((what) =>
      what.startsWith(`${kind} `) ? [what.slice(kind.length + 1)] : [],
    );
  const paths = named("file").filter((path) => path !== "/etc/fstab");
  const settings = (await read(sysctlFile)).matchAll(/^([a-z][\w./-]*) = (.*)$/gm);
  const there = (await lab.exec(first?.name ?? "", ["sysctl", "-a", "--names"], { okExitCodes: [0, 1, 255] })).stdout;
  const keys = new Set(there.split("\n"));
  return {
    files: await Promise.all(paths.map(async (path) => ({ path, content: await read(path) }))),
    packages: named("package"),
    sysctls: [...settings].flatMap(([, key = "", value = ""]) => (keys.has(key) ? [{ key, value }] : [])),
  };
}

const samples: Record<string, number[]> = {};
function note(contender: string, ms: number): void {
  samples[contender] = [...(samples[contender] ?? []), Math.round(ms)];
  tell(`  ${contender}: ${Math.round(ms)} ms`);
}

const contenders = {
  limit: `${hosts} parallel cold "ssh HOST true"`,
  cold: "slipway plan, cold connections",
  warm: "slipway plan, warm connections",
  ansibleCold: "ansible-playbook, cold connections",
  ansibleWarm: "ansible-playbook, warm connections",
  ansibleFewest: "ansible-playbook with fewer checks, warm",
  slipwayFirst: "slipway apply, new machines",
  ansibleFirst: "ansible-playbook, new machines",
} as const;

/** Its own run may find something to do on machines that Slipway had set up: then the one after it is the no-op. */
async function coldRun(ansible: Ansible) {
  await ansible.closeConnections();
  const run = await ansible.run();
  if (run.changed === 0) return run;
  tell(`ansible changed ${run.changed} things on machines Slipway had set up`);
  await ansible.closeConnections();
  return await ansible.run();
}

async function noOp(machines: Machines, slipway: Slipway, ansible: Ansible | undefined): Promise<void> {
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    tell(`no-op, repetition ${repetition} of ${repetitions}`);
    note("limit", (await sshTrue(machines.lab)).ms);
    await slipway.closeConnections();
    note("cold", (await slipway.plan()).ms);
    note("warm", (await slipway.plan()).ms);
    if (ansible === undefined || repetition > ansibleRepetitions) continue;
    if (!hasTimeFor("another run of ansible", samples.ansibleCold?.[0] ?? 0)) continue;
    const cold = await coldRun(ansible);
    note("ansibleCold", cold.ms);
    if (!hasTimeFor("ansible with warm connections", cold.ms)) continue;
    const warm = await ansible.run();
    note("ansibleWarm", warm.ms);
    if (cold.changed + warm.changed > 0) throw new Error(`ansible changed something in a no-op run:\n${warm.stdout}`);
    if (!hasTimeFor("ansible with fewer checks", warm.ms)) continue;
    const fewest = await ansible.run("fewest");
    note("ansibleFewest", fewest.ms);
    if (fewest.changed > 0) throw new Error(`ansible changed something in a no-op run:\n${fewest.stdout}`);
  }
}

/**
 * Ansible on new machines, and what Slipway finds to do after it. A failure is told and costs only this figure: all the
 * others were measured before.
 */
async function firstRun(
  before: Ansible,
  machines: Machines,
  slipway: Slipway,
  declared: Declared,
  folder: string,
): Promise<readonly string[] | undefined> {
  // New machines and their packages take about as long as a run.
  const expectedMs = 3 * (samples.ansibleCold?.[0] ?? 0);
  if (values["without-first-apply"] || !hasTimeFor("ansible on new machines", expectedMs)) return undefined;
  await Promise.all([slipway.closeConnections(), before.closeConnections()]);
  tell("new machines for ansible");
  await machines.reset();
  tell("first apply by ansible");
  // Its inventory and files stay as they are: addresses and names are the same, the keys are new.
  const ansible = new Ansible(machines.lab, declared, folder);
  try {
    note("ansibleFirst", (await ansible.run()).ms);
    const seen = JSON.parse((await slipway.run("plan", "--through", "baseline", "-o", "json")).stdout) as Plan;
    return seen.steps.flatMap((step) =>
      step.state === "needed" ? step.changes.map(({ what }) => `${step.on}: ${what}`) : [],
    );
  } catch (error) {
    tell(String(error));
    process.exitCode = 1;
    return undefined;
  } finally {
    await Promise.all([slipway.closeConnections(), ansible.closeConnections()]);
  }
}

async function measure(folder: string) {
  const ansibleVersion = ansibleRepetitions > 0 ? await installAnsible() : undefined;
  tell(`booting ${hosts} machines`);
  await using machines = await bootMachines(hosts, folder);
  const slipway = new Slipway(machines.clusterFile, folder);

  const bare = JSON.parse((await slipway.run("plan", "--through", "baseline", "-o", "json")).stdout) as Plan;
  await slipway.closeConnections();
  tell("first apply by slipway");
  note("slipwayFirst", (await slipway.run("apply", "--yes", "--through", "baseline")).ms);
  const again = JSON.parse((await slipway.run("plan", "--through", "baseline", "-o", "json")).stdout) as Plan;
  const left = again.steps.filter((step) => step.state !== "satisfied");
  if (left.length > 0) throw new Error(`there is something to do right after apply: ${JSON.stringify(left, null, 2)}`);

  let ansible: Ansible | undefined;
  const declared = await declaredBy(bare, machines.lab);
  if (ansibleRepetitions > 0) ansible = new Ansible(machines.lab, declared, folder);
  await noOp(machines, slipway, ansible);
  await slipway.closeConnections();
  const noOpApply = await slipway.run("apply", "--yes", "--through", "baseline", "-o", "json");
  // With nothing to do the result is the only line.
  const usage = JSON.parse(noOpApply.stdout) as { connections: number; roundTrips: number };

  const leftByAnsible =
    ansible === undefined ? undefined : await firstRun(ansible, machines, slipway, declared, folder);
  return { ansibleVersion, declared, usage, leftByAnsible };
}

const before = machine();
process.stdout.write(`${machineLine(before)}; ${hosts} hosts\n${loadNote(before)}`);
const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
try {
  const measured = await measure(folder);
  const after = machine();
  const middle = (contender: string) => (samples[contender] === undefined ? undefined : median(samples[contender]));
  const limit = middle("limit") ?? Number.NaN;
  const rows = Object.entries(contenders).flatMap(([key, title]) => {
    const ms = middle(key);
    return ms === undefined ? [] : [{ key, title, ms, runs: samples[key] ?? [], ofLimit: ms / limit }];
  });
  process.stdout.write(
    `${table(rows, [
      { title: "contender", value: (row) => row.title },
      { title: "median ms", value: (row) => Math.round(row.ms), align: "right" },
      { title: "least", value: (row) => Math.min(...row.runs), align: "right" },
      { title: "most", value: (row) => Math.max(...row.runs), align: "right" },
      { title: "runs", value: (row) => row.runs.length, align: "right" },
      { title: "of the limit", value: (row) => row.ofLimit.toFixed(2), align: "right" },
    ])}\n\n`,
  );
  const ratio = (over: string, under: string) => (middle(over) ?? Number.NaN) / (middle(under) ?? Number.NaN);
  const goals = [
    {
      text: "cold plan against the limit (goal at most 1.5)",
      value: ratio("cold", "limit"),
      met: ratio("cold", "limit") <= 1.5,
    },
    {
      text: "warm plan against the limit (goal under 0.33)",
      value: ratio("warm", "limit"),
      met: ratio("warm", "limit") < 1 / 3,
    },
    ...(ansibleRepetitions === 0
      ? []
      : [
          {
            text: "ansible's no-op against the plan, both cold (goal at least 50)",
            value: ratio("ansibleCold", "cold"),
            met: ratio("ansibleCold", "cold") >= 50,
          },
          {
            text: "ansible's no-op against the plan, both warm (goal at least 50)",
            value: ratio("ansibleWarm", "warm"),
            met: ratio("ansibleWarm", "warm") >= 50,
          },
          {
            text: "the same with fewer checks by ansible",
            value: ratio("ansibleFewest", "warm"),
            met: ratio("ansibleFewest", "warm") >= 50,
          },
        ]),
    ...(samples.ansibleFirst === undefined
      ? []
      : [
          {
            text: "ansible's first run against the first apply (no goal)",
            value: ratio("ansibleFirst", "slipwayFirst"),
            met: undefined,
          },
        ]),
    {
      text: `connections per host in a no-op apply (goal 1)`,
      value: measured.usage.connections / hosts,
      met: measured.usage.connections <= hosts,
    },
    {
      text: "round trips per host in a no-op apply (goal at most 2)",
      value: measured.usage.roundTrips / hosts,
      met: measured.usage.roundTrips <= 2 * hosts,
    },
  ];
  for (const { met, value, text } of goals) {
    // What there was no time for.
    if (Number.isNaN(value)) continue;
    const verdict = met === undefined ? "" : met ? "met" : "not met";
    process.stdout.write(`${verdict.padEnd(7)}  ${value.toFixed(2).padStart(6)}  ${text}\n`);
  }
  if (measured.ansibleVersion !== undefined) process.stdout.write(`${measured.ansibleVersion}\n`);
  if (measured.leftByAnsible !== undefined) {
    process.stdout.write(
      `after ansible's first run Slipway still finds ${measured.leftByAnsible.length} differences\n`,
    );
  }
  process.stdout.write(`load average ${before.load} at the start, ${after.load} at the end\n`);
  if (values.json !== undefined) {
    mkdirSync(dirname(values.json), { recursive: true });
    const { declared, ...rest } = measured;
    const packages = declared.packages;
    const files = declared.files.map(({ path }) => path);
    const all = { before, after, hosts, rows, goals, ...rest, declared: { packages, files }, samples };
    writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
