import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { StateFolder } from "./state-folder.ts";
import { clearLeftovers } from "./temporary-name.ts";
import { isMissing } from "./write-problem.ts";

/** Every apply clears up, so what a killed one left is in one of the newest runs. */
const newestRuns = 3;

/** Removes the temporary files of Slipways that were killed while they wrote down state, the vault's key included. */
export async function clearStateFolder(state: StateFolder, identityFile: string): Promise<void> {
  const runs = (await foldersIn(state.runs)).sort().slice(-newestRuns);
  const vault = (await foldersIn(state.vault)).map((name) => join(state.vault, name));
  await Promise.all([
    ...[state.root, state.vault, ...vault].map((folder) => clearLeftovers(folder)),
    ...runs.map((name) => clearLeftovers(join(state.runs, name))),
    clearLeftovers(dirname(identityFile), basename(identityFile)),
  ]);
}

async function foldersIn(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
