import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { foundBundle } from "../../src/artifacts/found-bundle.ts";
import { testLab } from "../../test/support/lab.ts";
import { machine } from "../report/machine.ts";
import { type Round, startCampaign } from "./campaign.ts";
import { clusterFile, sevenMachines } from "./cluster.ts";
import { differences } from "./end-state.ts";
import { killUntilReady } from "./until-ready.ts";

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
    /** "etcd": the apply goes that far, from bare machines. "ready": all the way from a bundle, killed from init on. */
    until: { type: "string", default: "etcd" },
    /** For "ready": kills within one install, where etcd is, and the bundle. There a round is a kill. */
    "kills-per-install": { type: "string", default: "5" },
    topology: { type: "string", default: "stacked" },
    bundle: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed);
const bareEvery = Number(values["bare-every"]);
const withinMinutes = Number(values.within);
const killsPerInstall = Number(values["kills-per-install"]);
const numbers = [rounds, seed, bareEvery, withinMinutes, killsPerInstall];
if (!numbers.every((one) => Number.isSafeInteger(one) && one >= 0)) {
  console.error(
    "usage: node bench/kill/run.ts [--rounds N] [--seed N] [--json FILE] [--bare-every N] [--within MINUTES] [--keep]\n" +
      "       [--until etcd|ready] [--kills-per-install N] [--topology stacked|external] [--bundle FILE]",
  );
  process.exit(2);
}

const startedAt = Date.now();
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const say = (text: string) => console.log(`${seconds(Date.now() - startedAt).padStart(9)}  ${text}`);

const folder = await mkdtemp(join(tmpdir(), "slipway-kill-"));
if (values.until === "ready") process.exit(await untilReady());

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

async function untilReady(): Promise<number> {
  const bundle = values.bundle ?? foundBundle();
  if (bundle === undefined) {
    console.error("there is no bundle of Kubernetes: name one by --bundle or $SLIPWAY_BUNDLE");
    return 2;
  }
  const before = machine();
  const installs = await killUntilReady({
    ...{ seed, kills: rounds, killsPerInstall, bundle, folder, say },
    topology: values.topology === "external" ? "external" : "stacked",
    notAfter: startedAt + withinMinutes * 60_000,
    keep: async (all) => {
      if (values.json === undefined) return;
      await writeFile(values.json, `${JSON.stringify({ seed, before, after: machine(), installs: all }, null, 2)}\n`);
    },
  });
  const kills = installs.flatMap((one) => one.kills);
  const different = installs.flatMap((one, at) => (one.wrong.length > 0 ? [at + 1] : []));
  if (different.length === 0 && !values.keep) await rm(folder, { recursive: true });
  console.log(
    `${installs.length - different.length} of ${installs.length} installs ended as an unbroken one does; ` +
      `${kills.length} kills from seed ${seed} on, ${kills.filter((one) => one.inFlight.length > 0).length} with steps in flight; ` +
      `different: ${different.join(", ") || "none"}; load average ${before.load} at the start; ${seconds(Date.now() - startedAt)}`,
  );
  return different.length === 0 && kills.length === rounds ? 0 : 1;
}
