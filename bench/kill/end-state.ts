import { readdir } from "node:fs/promises";
import type { Lab } from "../../src/lab/lab.ts";
import { type Facts, type MachineState, readMachineState, shortDigest } from "./machine-state.ts";
import type { WorkFolder } from "./work-folder.ts";

/** The state of all machines, by name; "cluster" is what only all of them together have, "here" the state folder. */
export type EndState = ReadonlyMap<string, Facts>;

/** Reads everything that two applies of one cluster file must leave alike. */
export async function readEndState(lab: Lab, virtualIp: string | undefined, folder: WorkFolder): Promise<EndState> {
  const machines = await Promise.all(
    lab.machines.map(async ({ name }) => [name, await readMachineState(lab, name)] as const),
  );
  const states = machines.map(([, state]) => state);
  return new Map<string, Facts>([
    ...machines.map(([name, { facts }]) => [name, facts] as const),
    ["cluster", clusterFacts(states, machines, virtualIp)],
    ["here", await folderFacts(folder)],
  ]);
}

function clusterFacts(
  states: readonly MachineState[],
  machines: readonly (readonly [string, MachineState])[],
  virtualIp: string | undefined,
): Facts {
  const facts: Facts = new Map();
  if (virtualIp !== undefined) {
    const holders = states.filter(({ addresses }) => addresses.some((one) => one.startsWith(`${virtualIp}/`)));
    facts.set("holders of the virtual IP", String(holders.length));
  }
  const contents = (path: RegExp) =>
    new Set(states.flatMap(({ secrets }) => [...secrets].filter(([name]) => path.test(name)).map(([, text]) => text)));
  facts.set("etcd authorities", String(contents(/\/ca\.crt$/).size));
  facts.set("keepalived passwords", String(contents(/slipway-auth\.conf$/).size));
  // Member ids follow from the token, which follows from the authority.
  const lists = machines.flatMap(([name, { etcd }]) => {
    const members = etcd.map((line) => line.replace(/^[0-9a-f]{8,16}, /, "")).sort();
    return members.length === 0 ? [] : [[name, members] as const];
  });
  for (const [name, members] of lists) facts.set(`etcd as ${name} sees it`, members.join(" | "));
  return facts;
}

/** What must not be left in the state folder, and what the vault holds. */
async function folderFacts(folder: WorkFolder): Promise<Facts> {
  const facts: Facts = new Map();
  for (const entry of await readdir(folder.statePath, { recursive: true, withFileTypes: true })) {
    const path = `${entry.parentPath.slice(folder.statePath.length)}/${entry.name}`;
    if (entry.name.endsWith(".tmp") || entry.name.endsWith(".lock")) facts.set(`leftover ${path}`, "there");
    if (path.startsWith("/vault/") && entry.isFile()) facts.set(`vault ${path}`, "there");
  }
  return facts;
}

/** Every difference as a line: where, what, reference and found. */
export function differences(reference: EndState, found: EndState): readonly string[] {
  const lines: string[] = [];
  for (const place of new Set([...reference.keys(), ...found.keys()])) {
    const wanted = reference.get(place) ?? new Map<string, string>();
    const there = found.get(place) ?? new Map<string, string>();
    for (const what of new Set([...wanted.keys(), ...there.keys()])) {
      const [a, b] = [wanted.get(what), there.get(what)];
      if (a !== b) lines.push(`${place}: ${what}: ${shown(a)} in the reference, found ${shown(b)}`);
    }
  }
  return lines;
}

function shown(text: string | undefined): string {
  if (text === undefined) return "absent";
  return text.length > 200 ? `${text.slice(0, 160)}... (${shortDigest(text)})` : text;
}
