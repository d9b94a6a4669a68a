import { mkdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { clearLeftovers, temporaryNameFor } from "./temporary-name.ts";
import { writeProblem } from "./write-problem.ts";

/**
 * Makes a folder beside `path`, for the owner only, for what is made on the way to that file; whoever made it removes it.
 * Those that processes which were killed have left for the same file are removed. Throws `state/cannot-write`.
 */
export async function makeWorkFolder(path: string): Promise<string> {
  const folder = temporaryNameFor(path);
  try {
    await clearLeftovers(dirname(path), basename(path));
    await mkdir(folder, { mode: 0o700 });
    return folder;
  } catch (error) {
    throw writeProblem(path, error);
  }
}
