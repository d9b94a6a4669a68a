import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { labRoot } from "./lab-paths.ts";
import { unlessGone } from "./process-identity.ts";

/** Kernel settings that are one for the whole computer, so that a machine which sets them sets the host's. */
const sharedTrees = ["fs", "kernel", "vm"];
const sharedSettings = ["net/ipv4/ip_forward"];
/** Settings that change by themselves, act when written, or belong to each machine. */
const notOurs =
  /^(fs\/(binfmt_misc|aio-nr|dentry-state|file-nr|inode-)|kernel\/(random|pty|usermodehelper|ns_last_pid|hostname|domainname|tainted|sched_domain|modprobe|hotplug|core_pattern_pipe)|vm\/(compact_memory|drop_caches|stat_refresh|oom_dump))/;

async function settingsBelow(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of await readdir(join("/proc/sys", folder), { withFileTypes: true })) {
    const name = `${folder}/${entry.name}`;
    if (notOurs.test(name)) continue;
    if (entry.isDirectory()) names.push(...(await settingsBelow(name)));
    else if (((await stat(join("/proc/sys", name))).mode & 0o600) === 0o600) names.push(name);
  }
  return names;
}

function memory(): string {
  return join(labRoot(), "host-settings.json");
}

async function readSetting(name: string): Promise<string | undefined> {
  try {
    return (await readFile(join("/proc/sys", name), "utf8")).trim();
  } catch (error) {
    // Some settings exist but refuse to be read (EINVAL, EIO, EPERM): they cannot be put back either.
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

/** Writes down the host's kernel settings before the first lab; later calls keep what was written first. */
export async function rememberHostSettings(): Promise<void> {
  if ((await readFile(memory(), "utf8").catch(unlessGone)) !== undefined) return;
  const settings: Record<string, string> = {};
  const names = [...sharedSettings];
  for (const tree of sharedTrees) names.push(...(await settingsBelow(tree)));
  for (const name of names) {
    const value = await readSetting(name);
    if (value !== undefined) settings[name] = value;
  }
  await writeFile(memory(), JSON.stringify(settings), { mode: 0o600 });
}

/**
 * Puts the host's kernel settings back to what they were before the first lab, once the last one is gone. Returns those
 * the kernel refused to take, as "name: reason".
 */
export async function restoreHostSettings(): Promise<readonly string[]> {
  const text = await readFile(memory(), "utf8").catch(unlessGone);
  if (text === undefined) return [];
  const refused: string[] = [];
  const before: Record<string, string> = JSON.parse(text);
  for (const [name, value] of Object.entries(before)) {
    const now = await readSetting(name);
    if (now === undefined || now === value) continue;
    try {
      await writeFile(join("/proc/sys", name), value);
    } catch (error) {
      refused.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  await rm(memory(), { force: true });
  return refused;
}
