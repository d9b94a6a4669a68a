import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withFileLock } from "./file-lock.ts";
import { unlessGone } from "./process-identity.ts";

/** Kernel settings that are one for the whole computer, so that a machine which sets them sets the host's. */
const sharedTrees = ["fs", "kernel", "vm"];
const sharedSettings = ["net/ipv4/ip_forward"];
/** Settings that change by themselves, act when written, or belong to each machine. */
const notOurs =
  /^(fs\/(binfmt_misc|aio-nr|dentry-state|file-nr|inode-)|kernel\/(random|pty|usermodehelper|ns_last_pid|hostname|domainname|tainted|sched_domain|modprobe|hotplug|core_pattern_pipe)|vm\/(compact_memory|drop_caches|stat_refresh|oom_dump))/;

/** Gone when the computer starts again, as the settings are. The same for all labs, wherever they live. */
const hostFolder = "/run/slipway-lab";

/** Where settings are read and written, and where they are remembered; given by tests only. */
export interface SettingsPlaces {
  readonly kernel: string;
  readonly memory: string;
}

const places: SettingsPlaces = { kernel: "/proc/sys", memory: join(hostFolder, "host-settings.json") };

/** Held while the set of labs that run on this computer changes, of whatever folder. */
export async function withHostLock<T>(work: () => Promise<T>): Promise<T> {
  return await withFileLock(join(hostFolder, "lock"), { withinMs: 120_000 }, work);
}

async function settingsBelow(root: string, folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const name = `${folder}/${entry.name}`;
    if (notOurs.test(name)) continue;
    if (entry.isDirectory()) names.push(...(await settingsBelow(root, name)));
    else if (((await stat(join(root, name))).mode & 0o600) === 0o600) names.push(name);
  }
  return names;
}

async function readSetting(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    // Some settings exist but refuse to be read (EINVAL, EIO, EPERM): they cannot be put back either.
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

/** Writes down the host's kernel settings before the first lab; later calls keep what was written first. */
export async function rememberHostSettings({ kernel, memory } = places): Promise<void> {
  if ((await readFile(memory, "utf8").catch(unlessGone)) !== undefined) return;
  const settings: Record<string, string> = {};
  const names = [...sharedSettings];
  for (const tree of sharedTrees) names.push(...(await settingsBelow(kernel, tree)));
  for (const name of names) {
    const value = await readSetting(join(kernel, name));
    if (value !== undefined) settings[name] = value;
  }
  await mkdir(dirname(memory), { recursive: true });
  await writeFile(`${memory}.new`, JSON.stringify(settings), { mode: 0o600 });
  await rename(`${memory}.new`, memory);
}

/**
 * Puts the host's kernel settings back to what they were before the first lab, once the last one is gone. Returns those
 * the kernel refused to take, as "name: reason".
 */
export async function restoreHostSettings({ kernel, memory } = places): Promise<readonly string[]> {
  const text = await readFile(memory, "utf8").catch(unlessGone);
  if (text === undefined) return [];
  const refused: string[] = [];
  const before: Record<string, string> = JSON.parse(text);
  for (const [name, value] of Object.entries(before)) {
    const now = await readSetting(join(kernel, name));
    if (now === undefined || now === value) continue;
    try {
      await writeFile(join(kernel, name), value);
    } catch (error) {
      refused.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  await rm(memory, { force: true });
  return refused;
}
