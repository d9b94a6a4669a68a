import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openLab } from "../../src/lab/lab.ts";
import { createAuthority } from "../../src/pki/certificate-authority.ts";
import { issueCertificate } from "../../src/pki/issue-certificate.ts";
import { table } from "../../src/report/table.ts";
import { appliedLabCluster, holdersOf } from "../../test/support/lab-cluster.ts";
import { loadNote, machine, machineLine } from "../report/machine.ts";
import { median } from "../report/median.ts";
import { type Prober, type StandIn, standIn, startProber } from "./children.ts";
import { type Outage, outageIn } from "./outage.ts";
import { type Scenario, scenarios } from "./scenarios.ts";

// How long a client at 20 probes a second gets no answer from the virtual IP when something of a load balancer fails.
const { values } = parseArgs({
  options: {
    json: { type: "string" },
    repetitions: { type: "string", default: "3" },
    /** Names of scenarios, comma-separated; default all. */
    only: { type: "string" },
    /** NAME=VIP of a lab that is up and applied, instead of one of its own. */
    lab: { type: "string" },
  },
});
const repetitions = Number(values.repetitions);
const chosen = scenarios.filter(({ name }) => values.only === undefined || values.only.split(",").includes(name));
const rate = { everyMs: 50, withinMs: 1000 };
/** After a strike and after its mending: longer than keepalived's restart and election together. */
const watchMs = 12_000;

interface Sample {
  readonly scenario: string;
  readonly strike: Outage;
  readonly mend: Outage;
  readonly holders: { readonly before: string; readonly struck: string; readonly mended: string };
}

interface Site {
  readonly lab: Awaited<ReturnType<typeof openLab>>;
  readonly virtualIp: string;
}

async function openSite(): Promise<Site & AsyncDisposable> {
  if (values.lab === undefined) return await appliedLabCluster({ name: "failover" });
  const [name = "", virtualIp = ""] = values.lab.split("=");
  return { lab: await openLab(name), virtualIp, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what} within 120 s`);
    await pause(500);
  }
}

/** One holder, both load balancers in the election with every API server up, and three seconds of nothing but answers. */
async function steady({ lab, virtualIp }: Site, prober: Prober): Promise<string> {
  const isReady = [
    "sh",
    "-c",
    `systemctl -q is-active keepalived && curl -s 'http://127.0.0.1:8404/;csv' | awk -F, '/^kubernetes-api,cp-/ && $18 == "UP" { up++ } END { exit up != 3 }'`,
  ];
  let holder = "";
  await until("all was not well", async () => {
    for (const name of ["lb-1", "lb-2"]) {
      if (!(await lab.isOn(name)) || (await lab.exec(name, isReady, { okExitCodes: [0, 1, 3] })).exitCode !== 0)
        return false;
    }
    const holders = await holdersOf({ lab, virtualIp });
    holder = holders[0] ?? "";
    const { failed, probes } = outageIn(prober.probes, Date.now() - 4000, Date.now() - 1000);
    return holders.length === 1 && failed === 0 && probes > 0;
  });
  return holder;
}

/** Both load balancers have their turn: where equal ones meet again, the one with the higher address wins. */
async function holderInTurn(site: Site, prober: Prober, repetition: number): Promise<string> {
  const wanted = repetition % 2 === 1 ? "lb-2" : "lb-1";
  const holder = await steady(site, prober);
  if (holder === wanted) return holder;
  await site.lab.exec(holder, ["systemctl", "restart", "keepalived"]);
  return await steady(site, prober);
}

async function watch(prober: Prober, work: () => Promise<unknown>): Promise<Outage> {
  const from = Date.now() - rate.everyMs;
  await work();
  await pause(watchMs);
  const to = Date.now() - rate.withinMs;
  return outageIn(prober.probes, from, to);
}

async function measure(
  site: Site,
  scenario: Scenario,
  prober: Prober,
  standIns: ReadonlyMap<string, StandIn>,
  repetition: number,
): Promise<Sample> {
  const before = await holderInTurn(site, prober, repetition);
  const situation = { lab: site.lab, holder: before, standIns };
  const strike = await watch(prober, () => scenario.strike(situation));
  // A load balancer that is cut off still believes it has the address; nobody reaches it.
  const holders = await holdersOf(site);
  const struck = (holders.length > 1 ? holders.filter((one) => one !== before) : holders).join(" and ");
  const mend = await watch(prober, async () => await scenario.mend?.(situation));
  await steady(site, prober);
  const mended = (await holdersOf(site)).join(" and ");
  return { scenario: scenario.name, strike, mend, holders: { before, struck, mended } };
}

const before = machine();
const samples: Sample[] = [];
process.stdout.write(`${machineLine(before)}\n${loadNote(before)}`);
{
  await using site = await openSite();
  const authority = await createAuthority("stand-in CA", new Date());
  const request = {
    commonName: "kube-apiserver",
    dnsNames: [],
    ipAddresses: [site.virtualIp],
    usages: ["server"],
  } as const;
  const pair = await issueCertificate(authority, request, new Date());
  const standIns = new Map(["cp-1", "cp-2", "cp-3"].map((name) => [name, standIn(site.lab.name, name, pair)]));
  await using prober = startProber(site.virtualIp, 6443, rate);
  try {
    for (const one of standIns.values()) await one.start();
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      for (const scenario of chosen) {
        const sample = await measure(site, scenario, prober, standIns, repetition);
        samples.push(sample);
        const { strike, mend, holders } = sample;
        process.stdout.write(
          `${repetition}. ${scenario.title}: ${strike.longestSilenceMs} ms without an answer, ${strike.failed} of ${strike.probes} probes failed; ` +
            `return: ${mend.longestSilenceMs} ms, ${mend.failed} failed; ${holders.before} → ${holders.struck} → ${holders.mended}\n`,
        );
      }
    }
  } finally {
    for (const one of standIns.values()) await one.kill();
  }
}

const rows = chosen.map((scenario) => {
  const own = samples.filter((sample) => sample.scenario === scenario.name);
  const silences = own.map(({ strike }) => strike.longestSilenceMs);
  const flaps = own.filter(({ holders }) => scenario.mend !== undefined && holders.struck !== holders.mended).length;
  const [maxMs, medianMs] = [Math.max(...silences), Math.round(median(silences))];
  const [failed, failedOnReturn] = [own.map(({ strike }) => strike.failed), own.map(({ mend }) => mend.failed)];
  return {
    name: scenario.name,
    title: scenario.title,
    repetitions: own.length,
    goalMs: scenario.goalMs,
    medianMs,
    maxMs,
    failed,
    failedOnReturn,
    flaps,
    met: maxMs < scenario.goalMs && flaps === 0 && Math.max(...failedOnReturn) === 0,
  };
});
type Row = (typeof rows)[number];
process.stdout.write(
  `\n${table(rows, [
    { title: "what happens", value: (row: Row) => row.title },
    { title: "median ms", value: (row: Row) => row.medianMs, align: "right" },
    { title: "max ms", value: (row: Row) => row.maxMs, align: "right" },
    { title: "goal ms", value: (row: Row) => `< ${row.goalMs}`, align: "right" },
    { title: "failed probes", value: (row: Row) => row.failed.join(", "), align: "right" },
    { title: "on return", value: (row: Row) => row.failedOnReturn.join(", "), align: "right" },
    { title: "moved back", value: (row: Row) => row.flaps, align: "right" },
    { title: "met", value: (row: Row) => (row.met ? "yes" : "no") },
  ])}\n`,
);
if (values.json !== undefined) {
  await mkdir(dirname(values.json), { recursive: true });
  await writeFile(values.json, `${JSON.stringify({ machine: before, rate, rows, samples }, null, 2)}\n`);
}
process.exitCode = rows.every((row) => row.met) ? 0 : 1;
