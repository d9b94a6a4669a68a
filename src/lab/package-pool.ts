import { copyFile, link, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { labCache } from "./lab-paths.ts";
import { unlessGone } from "./process-identity.ts";

/** Packages that machines of earlier labs downloaded, by file name. */
function packagePool(): string {
  return join(labCache(), "packages");
}

const archives = "var/cache/apt/archives";

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** One more name for a file, or a copy where the file system cannot give it one. A name that is taken is left alone. */
async function share(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return;
    if (codeOf(error) !== "EXDEV" && codeOf(error) !== "EMLINK") throw error;
    await copyFile(from, `${to}.${process.pid}`);
    await rename(`${to}.${process.pid}`, to);
  }
}

/** Puts all known packages below `layer`, which lies under the machines' disks. */
export async function layPackages(layer: string): Promise<void> {
  await mkdir(join(layer, archives, "partial"), { recursive: true, mode: 0o755 });
  for (const name of (await readdir(packagePool()).catch(unlessGone)) ?? []) {
    if (name.endsWith(".deb")) await share(join(packagePool(), name), join(layer, archives, name));
  }
}

const keptMs = 30 * 24 * 60 * 60 * 1000;

/** Keeps the packages a machine downloaded (its disk is `upper`) for later labs. */
export async function keepPackages(upper: string): Promise<void> {
  await mkdir(packagePool(), { recursive: true, mode: 0o755 });
  for (const entry of (await readdir(join(upper, archives), { withFileTypes: true }).catch(unlessGone)) ?? []) {
    if (!entry.isFile() || !entry.name.endsWith(".deb")) continue;
    await share(join(upper, archives, entry.name), join(packagePool(), entry.name));
  }
}

/** Forgets packages that no lab was given for a month. */
export async function forgetOldPackages(): Promise<void> {
  for (const name of (await readdir(packagePool()).catch(unlessGone)) ?? []) {
    const path = join(packagePool(), name);
    // Not mtime, which apt takes from the mirror: ctime changes whenever a lab is given the file.
    const found = await stat(path).catch(unlessGone);
    if (found !== undefined && Date.now() - found.ctimeMs > keptMs) await rm(path, { force: true });
  }
}
