import { open, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { makeFolder } from "./make-folder.ts";
import { clearLeftovers, temporaryNameFor } from "./temporary-name.ts";
import { writeProblem } from "./write-problem.ts";

/**
 * Replaces a file of ours so that a reader, or we after a power cut, find the old one or the new one whole. Folders on
 * the way are made for the owner only. Throws `state/cannot-write`.
 */
export async function writeAtomically(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const folder = dirname(path);
  const temporary = temporaryNameFor(path);
  try {
    await makeFolder(folder);
    await clearLeftovers(folder, basename(path));
    try {
      await writeDurably(temporary, content, mode);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(folder);
  } catch (error) {
    throw writeProblem(path, error);
  }
}

/** Makes the names in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeDurably(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const handle = await open(path, "wx", mode);
  try {
    await handle.writeFile(content);
    // What the process's umask took away is given back.
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
