import { rm } from "node:fs/promises";
import { writeProblem } from "./write-problem.ts";

/** Removes what was written down for a run that never began. Throws `state/cannot-write`. */
export async function removeRunFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    throw writeProblem(folder, error);
  }
}
