import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ProblemError } from "../problems/problem.ts";
import { labDirectory, labRoot } from "./lab-paths.ts";
import { labProblem } from "./lab-problem.ts";
import { type ProcessIdentity, unlessGone } from "./process-identity.ts";

/** A machine of a lab: its name and the IPv4 address it answers on. */
export interface LabMachine {
  readonly name: string;
  readonly address: string;
}

/** What is written down about a lab, in its folder. */
export interface LabRecord {
  readonly name: string;
  readonly phase: "starting" | "up" | "stopping";
  readonly machines: readonly LabMachine[];
  readonly subnet: string;
  readonly prefix: number;
  readonly gateway: string;
  readonly mtu: number;
  /** Root folder of the machine image below the machines' disks; empty until it is chosen. */
  readonly image: string;
  /** Folders in a machine that lie on an ordinary file system, not on the overlay. */
  readonly disks: readonly string[];
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** The process that made the lab. It may end: the machines stay, unless the lab is ephemeral. */
  readonly owner: ProcessIdentity;
  /** Made for a test: removed by the next one when its owner is gone. */
  readonly ephemeral: boolean;
  /** The known_hosts file the machines' keys were written to, beside the lab's own. */
  readonly knownHostsFile?: string;
}

function recordFile(lab: string): string {
  return join(labDirectory(lab), "lab.json");
}

/** What is known of a lab; undefined when there is none of that name. */
export async function readLabRecord(lab: string): Promise<LabRecord | undefined> {
  const text = await readFile(recordFile(lab), "utf8").catch(unlessGone);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Writes a lab down, whole or not at all. */
export async function writeLabRecord(record: LabRecord): Promise<void> {
  await mkdir(labDirectory(record.name), { recursive: true, mode: 0o755 });
  const temporary = `${recordFile(record.name)}.new`;
  await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o644 });
  await rename(temporary, recordFile(record.name));
}

/** All labs of this computer, by name. */
export async function allLabRecords(): Promise<readonly LabRecord[]> {
  const entries = (await readdir(labRoot(), { withFileTypes: true }).catch(unlessGone)) ?? [];
  const records = await Promise.all(entries.filter((e) => e.isDirectory()).map((e) => readLabRecord(e.name)));
  return records.filter((one) => one !== undefined).sort((a, b) => a.name.localeCompare(b.name));
}

/** The record of a lab, or a ProblemError (`lab/unknown`). */
export async function requireLabRecord(lab: string): Promise<LabRecord> {
  const record = labNamePattern.test(lab) ? await readLabRecord(lab) : undefined;
  if (record !== undefined) return record;
  const names = (await allLabRecords()).map(({ name }) => name);
  throw new ProblemError(
    labProblem("unknown", `there is no lab ${JSON.stringify(lab)} on this computer`, {
      because: names.length === 0 ? "there is no lab at all" : `the labs are ${names.join(", ")}`,
      hint: { text: "list the labs, or make one", command: "slipway lab list" },
    }),
  );
}

/** Names a lab and a machine can have: a DNS label, so that it can be a host name and a folder. */
export const labNamePattern = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;
