import { link, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { labCache } from "./lab-paths.ts";
import { unlessGone } from "./process-identity.ts";

/** Packages that machines of earlier labs downloaded, by file name. */
function packagePool(): string {
  return join(labCache(), "packages");
}

const archives = "var/cache/apt/archives";

/** Hard links to all known packages below `layer`, which is put under the machines' disks. */
export async function layPackages(layer: string): Promise<void> {
  await mkdir(join(layer, archives, "partial"), { recursive: true, mode: 0o755 });
  for (const name of (await readdir(packagePool()).catch(unlessGone)) ?? []) {
    await link(join(packagePool(), name), join(layer, archives, name));
  }
}

const packageKeptMs = 30 * 24 * 60 * 60 * 1000;

/** Keeps the packages a machine downloaded (its disk is `upper`) for later labs, and forgets those of long ago. */
export async function keepPackages(upper: string): Promise<void> {
  await mkdir(packagePool(), { recursive: true, mode: 0o755 });
  const known = new Set(await readdir(packagePool()));
  for (const entry of (await readdir(join(upper, archives), { withFileTypes: true }).catch(unlessGone)) ?? []) {
    if (!entry.isFile() || !entry.name.endsWith(".deb") || known.has(entry.name)) continue;
    await rename(join(upper, archives, entry.name), join(packagePool(), entry.name));
  }
  for (const name of known) {
    const path = join(packagePool(), name);
    const found = await stat(path).catch(unlessGone);
    if (found !== undefined && Date.now() - found.mtimeMs > packageKeptMs) await rm(path, { force: true });
  }
}
