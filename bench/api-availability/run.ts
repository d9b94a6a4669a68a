import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { parseDocument } from "yaml";
import { table } from "../../src/report/table.ts";
import { loadNote, machine, machineLine } from "../report/machine.ts";
import { kinds, type Noticed, noticed } from "./asked.ts";
import { type Rotation, rotateKey } from "./key-rotation.ts";
import { type Client, type Load, startClient } from "./load.ts";
import { existingSite, installedSite, type Site, succeeded, targetOf } from "./site.ts";
import type { Target } from "./ways.ts";
import { askApi, controlPlanes, etcdLeader, wellAgain } from "./wellness.ts";

// What a client of the API notices while Slipway rolls a changed setting through the API servers, while it replaces the key
// that Secrets are encrypted with, and when a control plane host loses power and returns.
const { values } = parseArgs({
  options: {
    json: { type: "string" },
    /** How often a setting is changed and applied. */
    rolls: { type: "string", default: "1" },
    /** Replaces the key that Secrets are encrypted with. */
    "rotate-key": { type: "boolean", default: false },
    /** Hosts that lose power, one after the other, comma-separated; "" for none. */
    cuts: { type: "string", default: controlPlanes.join() },
    /** NAME=FOLDER of a lab that is up and installed, instead of one of its own. */
    lab: { type: "string" },
  },
});
const rolls = Number(values.rolls);
const cuts = values.cuts.split(",").filter((name) => name !== "");
const load: Load = {
  perSecond: { new: 25, http1: 12.5, http2: 12.5 },
  connections: 6,
  writeEvery: 5,
  withinMs: 30_000,
  folder: "/api/v1/namespaces/default/configmaps",
};
const titles = { new: "new", http1: "kept, HTTP/1.1", http2: "kept, HTTP/2" };
const quietMs = 20_000;
/** A host that is off is missed until every connection to it has been given up. */
const watchMs = 40_000;
const goalSilenceMs = 3000;

interface Chapter {
  readonly what: string;
  readonly durationMs: number;
  readonly load: number;
  readonly noticed: readonly Noticed[];
  /** For a host that returned: from its start to all well. */
  readonly wellAfterMs?: number;
  /** What `slipway status` ended with then. */
  readonly status?: number | null;
  readonly rotation?: Rotation;
}

const say = (text: string) => process.stdout.write(`${text}\n`);
const chapters: Chapter[] = [];

async function chapter(what: string, client: Client, work: () => Promise<Partial<Chapter>>): Promise<void> {
  const from = Date.now();
  const more = await work();
  const to = Date.now();
  await client.decided(to);
  const found = kinds.map((kind) => noticed(client.asked, kind, from, to));
  const done: Chapter = { what, durationMs: to - from, load: machine().load, noticed: found, ...more };
  chapters.push(done);
  say(`${what} (${Math.round(done.durationMs / 1000)} s, load average ${done.load}):`);
  for (const one of found) {
    const failures = one.failed === 0 ? "" : ` ${JSON.stringify(one.failures)}`;
    const retries = one.retried === 0 ? "" : ` ${JSON.stringify(one.retries)}`;
    say(
      `  ${titles[one.kind]}: ${one.requests} requests, ${one.failed} failed${failures}, ${one.retried} answered after another try${retries}; ` +
        `median ${one.medianMs} ms, longest ${one.longestMs} ms, longest without an answer ${one.longestSilenceMs} ms, undisturbed after ${one.disturbedMs} ms`,
    );
  }
  if (done.rotation !== undefined)
    say(`  a Secret in etcd before: ${done.rotation.before} after: ${done.rotation.after}`);
  if (done.wellAfterMs !== undefined) say(`  all well ${Math.round(done.wellAfterMs / 100) / 10} s after its start`);
}

async function makeObjects(target: Target): Promise<void> {
  for (const kind of kinds) {
    for (let at = 0; at < load.connections; at += 1) {
      const name = `${kind}-${at}`;
      const body = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
      const path = `${load.folder}/${name}?fieldManager=bench&force=true`;
      await askApi(target, { method: "PATCH", path, body, contentType: "application/apply-patch+yaml" });
    }
  }
}

/** Sets another time events are kept, which is a flag of the API server and of nothing else, and applies that. */
async function roll({ folder, lab }: Site, minutes: number): Promise<Partial<Chapter>> {
  const file = join(folder.path, "cluster.yaml");
  const document = parseDocument(await readFile(file, "utf8"));
  document.setIn(["spec", "kubernetes", "apiServer", "eventTTLMinutes"], minutes);
  await writeFile(file, document.toString());
  await succeeded(folder, ["apply", "--yes"]);
  for (const name of controlPlanes) {
    const { stdout } = await lab.exec(name, ["ps", "-ww", "-o", "args=", "-C", "kube-apiserver"]);
    if (!stdout.includes(`--event-ttl=${minutes}m0s`)) throw new Error(`the API server of ${name} was not rolled`);
  }
  return {};
}

/** Off until everybody has noticed, then on again until all is well. */
async function cut({ lab, folder }: Site, target: Target, client: Client, name: string): Promise<void> {
  const leads = (await etcdLeader(lab)) === name ? ", which led etcd" : "";
  await chapter(`power cut of ${name}${leads}`, client, async () => {
    await lab.powerOff(name);
    await pause(watchMs);
    return {};
  });
  await chapter(`return of ${name}`, client, async () => {
    const startedAt = Date.now();
    await lab.powerOn(name);
    await wellAgain(lab, target);
    const wellAfterMs = Date.now() - startedAt;
    const { exitCode } = await folder.slipway(["status"]);
    return { wellAfterMs, status: exitCode };
  });
}

const before = machine();
let installMs: number | undefined;
say(`${machineLine(before)}\n${loadNote(before)}`);
{
  await using site = values.lab === undefined ? await installedSite() : await existingSite(values.lab);
  installMs = site.installMs;
  if (installMs !== undefined) say(`seven machines installed in ${Math.round(installMs / 1000)} s`);
  const target = await targetOf(site);
  await wellAgain(site.lab, target);
  await makeObjects(target);
  await using client = startClient(target, load);
  await pause(5000);
  await chapter("nothing", client, async () => {
    await pause(quietMs);
    return {};
  });
  for (let turn = 1; turn <= rolls; turn += 1) {
    await chapter("a setting of the API servers rolled", client, () =>
      roll(site, 61 + (Math.floor(Date.now() / 1000) % 10_000)),
    );
    await wellAgain(site.lab, target);
  }
  if (values["rotate-key"]) {
    await chapter("the key of Secrets replaced", client, async () => ({ rotation: await rotateKey(site, target) }));
  }
  for (const name of cuts) await cut(site, target, client, name);
}

const rows = chapters.flatMap((one) => one.noticed.map((found) => ({ what: one.what, ...found })));
type Row = (typeof rows)[number];
say(
  `\n${table(rows, [
    { title: "what happens", value: (row: Row) => row.what },
    { title: "connections", value: (row: Row) => titles[row.kind] },
    { title: "requests", value: (row: Row) => row.requests, align: "right" },
    { title: "failed", value: (row: Row) => row.failed, align: "right" },
    { title: "tried again", value: (row: Row) => row.retried, align: "right" },
    { title: "longest ms", value: (row: Row) => row.longestMs, align: "right" },
    { title: "no answer for, ms", value: (row: Row) => row.longestSilenceMs, align: "right" },
    { title: "undisturbed after ms", value: (row: Row) => row.disturbedMs, align: "right" },
  ])}`,
);
if (values.json !== undefined) {
  await mkdir(dirname(values.json), { recursive: true });
  await writeFile(values.json, `${JSON.stringify({ machine: before, load, installMs, chapters }, null, 2)}\n`);
}
const isMet = chapters.every(({ what, noticed: found, status }) => {
  if (what.startsWith("power cut"))
    return found.every((one) => one.kind !== "new" || one.longestSilenceMs < goalSilenceMs);
  return found.every((one) => one.failed === 0) && (status ?? 0) === 0;
});
process.exitCode = isMet ? 0 : 1;
