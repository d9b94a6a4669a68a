import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { table } from "../../src/report/table.ts";
import { loadNote, machine, machineLine } from "../report/machine.ts";
import { median } from "../report/median.ts";
import type { Measured } from "./measure.ts";

/** From cluster file to plan for 50 to 5,000 hosts that answer from memory. Every measurement is a process of its own. */
const sizes = [50, 500, 1500, 5000];
const variants = ["converged", "bare"] as const;
const goal = { hosts: 5000, totalMs: 3000, rssBytes: 600 * 2 ** 20 };

const { values } = parseArgs({
  options: { json: { type: "string" }, repetitions: { type: "string", default: "3" } },
});
const repetitions = Number(values.repetitions);
const measureFile = fileURLToPath(new URL("measure.ts", import.meta.url));
const run = promisify(execFile);

const before = machine();
process.stdout.write(`${machineLine(before)}\n${loadNote(before)}`);
const samples: Measured[] = [];
for (let repetition = 1; repetition <= repetitions; repetition += 1) {
  for (const hosts of sizes) {
    for (const variant of variants) {
      const { stdout } = await run(process.execPath, [measureFile, String(hosts), variant]);
      samples.push(JSON.parse(stdout) as Measured);
      process.stderr.write(`\r${samples.length} of ${repetitions * sizes.length * variants.length}`);
    }
  }
}
process.stderr.write("\r              \r");

/** Medians of the repetitions; memory: the most any of them had. */
function summary(of: readonly Measured[]) {
  const [first] = of;
  if (first === undefined) throw new Error("nothing was measured");
  const mid = (value: (one: Measured) => number) => Math.round(median(of.map(value)) * 10) / 10;
  return {
    variant: first.variant,
    hosts: first.hosts,
    fileBytes: first.fileBytes,
    steps: first.steps,
    needed: first.needed,
    roundTrips: first.roundTrips,
    specMs: mid((one) => one.specMs),
    planMs: mid((one) => one.stepsMs + one.planMs),
    totalMs: mid((one) => one.totalMs),
    totalCpuMs: mid((one) => one.totalCpuMs),
    fastestMs: Math.round(Math.min(...of.map((one) => one.totalMs)) * 10) / 10,
    printMs: mid((one) => one.printMs),
    rssBytes: Math.max(...of.map((one) => one.rssBytes)),
  };
}
type Summary = ReturnType<typeof summary>;

const rows = variants.flatMap((variant) =>
  sizes.map((hosts) => summary(samples.filter((one) => one.hosts === hosts && one.variant === variant))),
);
const ms = (value: number) => String(Math.round(value));
process.stdout.write(
  `${table(rows, [
    { title: "hosts are", value: (row) => row.variant },
    { title: "hosts", value: (row) => String(row.hosts), align: "right" },
    { title: "steps", value: (row) => String(row.steps), align: "right" },
    { title: "to do", value: (row) => String(row.needed), align: "right" },
    { title: "spec ms", value: (row) => ms(row.specMs), align: "right" },
    { title: "plan ms", value: (row) => ms(row.planMs), align: "right" },
    { title: "total ms", value: (row) => ms(row.totalMs), align: "right" },
    { title: "CPU ms", value: (row) => ms(row.totalCpuMs), align: "right" },
    { title: "print ms", value: (row) => ms(row.printMs), align: "right" },
    { title: "RSS MiB", value: (row) => ms(row.rssBytes / 2 ** 20), align: "right" },
  ])}\n\n`,
);

/** The power of the number of hosts that the time grows with: 1 is linear. */
function growth(of: readonly Summary[]): number {
  const [small, large] = [of[0], of.at(-1)];
  if (small === undefined || large === undefined) throw new Error("nothing was measured");
  return Math.log(large.totalCpuMs / small.totalCpuMs) / Math.log(large.hosts / small.hosts);
}

let met = true;
for (const variant of variants) {
  const own = rows.filter((row) => row.variant === variant);
  const largest = own.at(-1);
  if (largest === undefined) continue;
  const fits = largest.totalMs < goal.totalMs && largest.rssBytes < goal.rssBytes;
  // A plan of bare hosts holds every change of 10,000 steps; the goal is about what a user waits for every day.
  if (variant === "converged") met &&= fits;
  process.stdout.write(
    `${variant}: ${largest.hosts} hosts in ${ms(largest.totalMs)} ms (goal under ${goal.totalMs}) and ${ms(largest.rssBytes / 2 ** 20)} MiB (goal under ${goal.rssBytes / 2 ** 20}); ` +
      `from ${sizes[1]} hosts on CPU time grows with the power ${growth(own.slice(1)).toFixed(2)} of the hosts\n`,
  );
}
if (values.json !== undefined) {
  mkdirSync(dirname(values.json), { recursive: true });
  writeFileSync(values.json, `${JSON.stringify({ machine: before, goal, repetitions, rows, samples }, null, 2)}\n`);
}
process.exitCode = met ? 0 : 1;
