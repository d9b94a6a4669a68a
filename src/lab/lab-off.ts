import { resolve, sep } from "node:path";
import { labDirectory } from "./lab-paths.ts";
import { type LabRecord, labNamePattern, readLabRecord } from "./lab-record.ts";
import { initOf } from "./machine.ts";

/** What a cluster file says of a host that may be a machine of the lab of the same name. */
export interface LabUse {
  /** The cluster's name, which is the lab's. */
  readonly lab: string;
  readonly machine: string;
  readonly identityFile?: string;
  /** Where the host keys of the cluster are recorded: `lab up` writes them there. */
  readonly knownHostsFile: string;
}

/**
 * Whether a host is a machine of a lab on this computer that does not run: "no-lab" when the lab itself is gone, or was
 * never there; undefined when it runs, or is no machine of a lab, as far as its keys tell.
 */
export async function labOff({
  lab,
  machine,
  identityFile,
  knownHostsFile,
}: LabUse): Promise<"no-lab" | "off" | undefined> {
  if (!labNamePattern.test(lab)) return undefined;
  const record = await readableRecord(lab);
  if (record === "unreadable") return undefined;
  const hasItsKey = identityFile !== undefined && resolve(identityFile).startsWith(labDirectory(lab) + sep);
  if (record === undefined) return hasItsKey ? "no-lab" : undefined;
  const hasItsHostKeys =
    record.knownHostsFile !== undefined && resolve(record.knownHostsFile) === resolve(knownHostsFile);
  if (!hasItsKey && !hasItsHostKeys) return undefined;
  // A machine that is not in the record was added to the cluster file since.
  const isMade = record.machines.some(({ name }) => name === machine);
  return isMade && (await initOf(record, machine)) !== undefined ? undefined : "off";
}

/** One that this user may not read, or that is cut short, tells nothing of a host: least of all in place of what ssh said. */
async function readableRecord(lab: string): Promise<LabRecord | "unreadable" | undefined> {
  try {
    return await readLabRecord(lab);
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && "syscall" in error)) return "unreadable";
    throw error;
  }
}
