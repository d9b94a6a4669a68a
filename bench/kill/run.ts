import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { testLab } from "../../test/support/lab.ts";
import { type Round, startCampaign } from "./campaign.ts";
import { clusterFile, sevenMachines } from "./cluster.ts";
import { differences } from "./end-state.ts";

// `kill -9` of Slipway at seeded moments of an apply, on real machines.
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "50" },
    /** Round k has seed + k, so `--rounds 1 --seed S` repeats one. */
    seed: { type: "string", default: "1" },
    json: { type: "string" },
    /** Every round whose seed this divides starts from bare machines. 0: none. */
    "bare-every": { type: "string", default: "13" },
    /** Minutes after which no further round is started. */
    within: { type: "string", default: "120" },
    keep: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed);
const bareEvery = Number(values["bare-every"]);
const withinMinutes = Number(values.within);
if (![rounds, seed, bareEvery, withinMinutes].every((one) => Number.isSafeInteger(one) && one >= 0)) {
  console.error(
    "usage: node bench/kill/run.ts [--rounds N] [--seed N] [--json FILE] [--bare-every N] [--within MINUTES] [--keep]",
  );
  process.exit(2);
}

const startedAt = Date.now();
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const say = (text: string) => console.log(`${seconds(Date.now() - startedAt).padStart(9)}  ${text}`);

const folder = await mkdtemp(join(tmpdir(), "slipway-kill-"));
const results: Round[] = [];
const selfCheck: string[] = [];
{
  await using lab = await testLab({ name: "kill", machines: Object.keys(sevenMachines) });
  say(`lab ${lab.name} is up; files of the runs are in ${folder}`);
  const virtualIp = lab.freeAddress(10);
  const campaign = await startCampaign(lab, {
    clusterFile: clusterFile(lab, sevenMachines, virtualIp),
    virtualIp,
    folder,
  });
  const bare = await campaign.reference("bare");
  say(`reference from bare machines: ${seconds(bare.durationMs)}`);
  await campaign.savePackages(bare);
  const packages = await campaign.reference("packages");
  say(`unbroken apply with packages in place: ${seconds(packages.durationMs)}`);
  // Two unbroken runs that differ would make every comparison below meaningless.
  selfCheck.push(...differences(bare.state, packages.state));
  for (const line of selfCheck) say(`  two unbroken runs differ: ${line}`);
  let slowness = 1;
  for (let index = 0; index < rounds && selfCheck.length === 0; index++) {
    if (Date.now() - startedAt > withinMinutes * 60_000) {
      say(`${rounds - index} rounds were not started within ${withinMinutes} min`);
      break;
    }
    const own = seed + index;
    const start = bareEvery > 0 && own % bareEvery === 0 ? "bare" : "packages";
    const unbroken = start === "bare" ? bare : packages;
    const round = await campaign.round(own, start, bare, unbroken.durationMs * slowness);
    results.push(round);
    // A computer that others use now is slower or faster than when the reference was made.
    if (start === "packages" && round.first === "killed" && round.inFlight.length === 0)
      slowness = round.secondMs / packages.durationMs;
    const during = round.inFlight.length === 0 ? "nothing in flight" : `in flight: ${round.inFlight.join(", ")}`;
    const verdict = round.wrong.length === 0 ? "same" : "DIFFERENT";
    say(`seed ${own} ${start}: ${round.first} after ${seconds(round.killAfterMs)}, ${during}; ${verdict}`);
    for (const line of round.wrong) say(`    ${line}`);
    await writeFigures();
  }
}
const failed = results.filter(({ wrong }) => wrong.length > 0);
await writeFigures();
if (failed.length === 0 && selfCheck.length === 0 && !values.keep) await rm(folder, { recursive: true });
const killed = results.filter(({ first }) => first === "killed");
const midStep = killed.filter(({ inFlight }) => inFlight.length > 0);
console.log(
  `${results.length - failed.length} of ${results.length} rounds ended as an unbroken run does; ` +
    `${killed.length} killed, ${midStep.length} of them with steps in flight; ` +
    `${results.filter(({ start }) => start === "bare").length} from bare machines; ` +
    `failed seeds: ${failed.map((one) => one.seed).join(", ") || "none"}; ${seconds(Date.now() - startedAt)}`,
);
process.exitCode = failed.length === 0 && selfCheck.length === 0 && results.length === rounds ? 0 : 1;

/** After every round, so that a run that is cut off keeps what it found. */
async function writeFigures(): Promise<void> {
  if (values.json === undefined) return;
  await writeFile(values.json, `${JSON.stringify({ seed, selfCheck, rounds: results }, null, 2)}\n`);
}
