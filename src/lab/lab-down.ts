import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ProblemError } from "../problems/problem.ts";
import { killGroup, processesIn, removeGroups } from "./control-groups.ts";
import { withFileLock } from "./file-lock.ts";
import { restoreHostSettings, withHostLock } from "./host-settings.ts";
import { rewriteKnownHosts } from "./known-hosts.ts";
import { labDirectory, labRoot, labTag, machineDirectory } from "./lab-paths.ts";
import { labProblem } from "./lab-problem.ts";
import type { OnProgress } from "./lab-progress.ts";
import { allLabRecords, labNamePattern, readLabRecord, requireLabRecord, writeLabRecord } from "./lab-record.ts";
import { anyNetwork, removeNetwork } from "./network.ts";
import { forgetOldPackages, keepPackages } from "./package-pool.ts";
import { isAlive } from "./process-identity.ts";

/** Held while a lab of that name is made or removed. */
export async function withLabLock<T>(lab: string, onProgress: OnProgress, work: () => Promise<T>): Promise<T> {
  const onWait = () =>
    onProgress({ stage: "requirements", text: `waiting for another process that changes lab ${lab}` });
  return await withFileLock(join(labRoot(), ".locks", lab), { withinMs: 600_000, onWait }, work);
}

/** Held while the set of labs and their subnets changes. */
export async function withRegistryLock<T>(work: () => Promise<T>): Promise<T> {
  return await withFileLock(join(labRoot(), ".locks", ".registry"), { withinMs: 120_000 }, work);
}

/** Removes whatever there is of a lab. The caller holds its lock. */
export async function removeLab(lab: string, onProgress: OnProgress): Promise<void> {
  const tag = labTag(lab);
  const record = await readLabRecord(lab);
  if (record !== undefined) await writeLabRecord({ ...record, phase: "stopping" });
  if ((await processesIn(tag)).length > 0) {
    onProgress({ stage: "removal", text: `switching off the machines of lab ${lab}` });
  }
  await killGroup(tag);
  await withHostLock(async () => {
    await removeNetwork(tag);
    if (await anyNetwork()) return;
    for (const refused of await restoreHostSettings()) {
      onProgress({ stage: "removal", text: `kernel setting not put back: ${refused}` });
    }
  });
  await removeGroups(tag);
  for (const { name } of record?.machines ?? []) await keepPackages(join(machineDirectory(lab, name), "upper"));
  await forgetOldPackages();
  if (record?.knownHostsFile !== undefined) {
    await rewriteKnownHosts(record.knownHostsFile, new Map(record.machines.map(({ address }) => [address, undefined])));
  }
  // The record goes last: a removal that is cut off is found, and done again.
  await rm(join(labDirectory(lab), "machines"), { recursive: true, force: true });
  await withRegistryLock(async () => await rm(labDirectory(lab), { recursive: true, force: true }));
  await rm(join(labRoot(), ".locks", lab), { force: true });
  if ((await processesIn(tag)).length > 0) {
    throw new ProblemError(
      labProblem("not-removed", `lab ${lab} still has processes`, {
        because: `process ids ${(await processesIn(tag)).join(", ")}`,
        hint: { text: "run the same command again", command: `slipway lab down ${lab}` },
      }),
    );
  }
}

export interface LabDownOptions {
  readonly name: string;
  readonly onProgress?: OnProgress;
}

/**
 * Removes a lab: machines, disks, network, control groups, known_hosts entries. Returns whether there was anything known
 * of it; also one whose folder was lost is cleaned up. Safe to repeat, also after a `kill -9` in the middle.
 */
export async function labDown(options: LabDownOptions): Promise<"removed" | "nothing-there"> {
  const { name, onProgress = () => undefined } = options;
  if (!labNamePattern.test(name)) await requireLabRecord(name);
  return await withLabLock(name, onProgress, async () => {
    const known = (await readLabRecord(name)) !== undefined || (await processesIn(labTag(name))).length > 0;
    await removeLab(name, onProgress);
    return known ? "removed" : "nothing-there";
  });
}

/** Removes ephemeral labs (of tests) whose process is gone. Returns their names. */
export async function reapLabs(onProgress: OnProgress = () => undefined): Promise<readonly string[]> {
  const reaped: string[] = [];
  for (const record of await allLabRecords()) {
    if (!record.ephemeral || (await isAlive(record.owner))) continue;
    await labDown({ name: record.name, onProgress });
    reaped.push(record.name);
  }
  return reaped;
}
