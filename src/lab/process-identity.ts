import { readFile } from "node:fs/promises";

/** A process that can be told from a later one with the same number, also after the computer was started again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between boot and the start of the process: field 22 of /proc/PID/stat. */
  readonly startTicks: string;
  readonly bootId: string;
}

async function startTicks(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(unlessGone);
  // The name in parentheses may itself hold spaces and parentheses; the fields after the last one are regular.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** Turns "it is not there (any more)" into undefined, and lets every other error pass: for files, processes, groups. */
export function unlessGone(error: unknown): undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ESRCH" || code === "ENODEV") return undefined;
  throw error;
}

async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
}

/** This process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  return { pid: process.pid, startTicks: (await startTicks(process.pid)) ?? "", bootId: await bootId() };
}

/** Whether exactly that process still runs. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return identity.bootId === (await bootId()) && identity.startTicks === (await startTicks(identity.pid));
}
