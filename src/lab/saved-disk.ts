import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { machineDirectory } from "./lab-paths.ts";
import { unlessGone } from "./process-identity.ts";
import { runProgram } from "./run-program.ts";

function belowFile(folder: string): string {
  return join(folder, "below");
}

/** Disks that were saved and lie below a machine's present one, topmost first. */
export async function savedLayers(lab: string, machine: string): Promise<readonly string[]> {
  const text = await readFile(belowFile(machineDirectory(lab, machine)), "utf8").catch(unlessGone);
  return (text ?? "").split("\n").filter((line) => line !== "");
}

/**
 * Keeps what is on the disks of a machine that is off, under a name. Costs nothing: the machine goes on with an empty
 * layer over it.
 */
export async function saveDisk(lab: string, machine: string, name: string): Promise<void> {
  const folder = machineDirectory(lab, machine);
  const saved = join(folder, "saved", name);
  const below = await savedLayers(lab, machine);
  await mkdir(saved, { recursive: true });
  await rename(join(folder, "upper"), join(saved, "upper"));
  await rename(join(folder, "disks"), join(saved, "disks"));
  await writeFile(belowFile(saved), [join(saved, "upper"), ...below].map((layer) => `${layer}\n`).join(""));
  await restoreDisk(lab, machine, name);
}

/** Puts the disks of a machine that is off back to what was saved under a name; what was written since is lost. */
export async function restoreDisk(lab: string, machine: string, name: string): Promise<void> {
  const folder = machineDirectory(lab, machine);
  const saved = join(folder, "saved", name);
  const below = await readFile(belowFile(saved), "utf8");
  for (const one of ["upper", "work", "disks"]) await rm(join(folder, one), { recursive: true, force: true });
  for (const one of ["upper", "work"]) {
    await mkdir(join(folder, one));
    await chmod(join(folder, one), 0o755);
  }
  await runProgram(["cp", "--archive", "--reflink=auto", "--", join(saved, "disks"), join(folder, "disks")]);
  await writeFile(belowFile(folder), below);
}
