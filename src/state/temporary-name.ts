import { createHash, randomBytes } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isGone, thisProcess } from "./this-process.ts";
import { isMissing } from "./write-problem.ts";

/** A temporary file of which nobody can say who writes it counts as left behind when it is this old. */
const leftoverAfterMs = 60_000;
const named = /^\..+\.(?:([0-9a-f]{8})-(\d+)-(\d+)-)?[0-9a-f]{12}\.tmp$/;

/** A name beside `path` for what is about to become it, or for a folder of its makings. It tells which process writes, so that it can be cleared up. */
export function temporaryNameFor(path: string): string {
  const { bootId, pidNamespace, pid, startTicks } = thisProcess();
  const isKnown = bootId !== "" && pidNamespace !== "" && startTicks !== "";
  const writer = isKnown ? `${placeOf(bootId, pidNamespace)}-${pid}-${startTicks}-` : "";
  return join(dirname(path), `.${basename(path)}.${writer}${randomBytes(6).toString("hex")}.tmp`);
}

/**
 * Removes temporary files and folders in a folder whose writer no longer runs for certain, and old ones whose writer is
 * not known. `of` limits that to what was to become one file, in a folder that is not ours alone. A folder that is not there is no
 * error.
 */
export async function clearLeftovers(folder: string, of?: string): Promise<void> {
  for (const name of await orMissing(readdir(folder), [])) {
    if (!name.endsWith(".tmp") || (of !== undefined && !name.startsWith(`.${of}.`))) continue;
    const path = join(folder, name);
    if (await isLeftOver(name, path)) await rm(path, { recursive: true, force: true });
  }
}

async function isLeftOver(name: string, path: string): Promise<boolean> {
  const [known, place, pid, startTicks] = named.exec(name) ?? [];
  if (known === undefined) return false;
  const here = thisProcess();
  if (place === placeOf(here.bootId, here.pidNamespace) && pid !== undefined && startTicks !== undefined) {
    return isGone({ ...here, pid: Number(pid), startTicks });
  }
  const modified = await orMissing(stat(path), undefined);
  return modified !== undefined && Date.now() - modified.mtimeMs > leftoverAfterMs;
}

/** This start of this computer, short enough for a file name. */
function placeOf(bootId: string, pidNamespace: string): string {
  return createHash("sha256").update(`${bootId}\0${pidNamespace}`).digest("hex").slice(0, 8);
}

async function orMissing<T, E>(work: Promise<T>, otherwise: E): Promise<T | E> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return otherwise;
    throw error;
  }
}
