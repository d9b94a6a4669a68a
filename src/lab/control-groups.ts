import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { unlessGone } from "./process-identity.ts";

/** One control group tree of this computer. There are several with cgroup v1, one with v2, both kinds when hybrid. */
export interface Hierarchy {
  readonly path: string;
  readonly version: 1 | 2;
}

/** The control group trees mounted below /sys/fs/cgroup. */
export async function hierarchies(): Promise<readonly Hierarchy[]> {
  const found: Hierarchy[] = [];
  for (const line of (await readFile("/proc/self/mountinfo", "utf8")).split("\n")) {
    const [left, right] = line.split(" - ");
    const path = left?.split(" ")[4];
    const type = right?.split(" ")[0];
    if (path === undefined || !path.startsWith("/sys/fs/cgroup")) continue;
    if (type === "cgroup") found.push({ path, version: 1 });
    if (type === "cgroup2") found.push({ path, version: 2 });
  }
  return found;
}

/** Whether controllers are only in a v2 tree: then machines see cgroup v2, and need a distribution that wants it. */
export function onlyVersionTwo(trees: readonly Hierarchy[]): boolean {
  return trees.length > 0 && trees.every((tree) => tree.version === 2);
}

/** Controllers a Kubernetes node needs; a machine gets those of them the host's root hands down. */
const wantedControllers = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"];

async function handDown(path: string): Promise<void> {
  const available = (await readFile(join(path, "cgroup.controllers"), "utf8")).trim().split(" ");
  const given = (await readFile(join(path, "cgroup.subtree_control"), "utf8")).trim().split(" ");
  for (const controller of wantedControllers) {
    if (!available.includes(controller) || given.includes(controller)) continue;
    await writeFile(join(path, "cgroup.subtree_control"), `+${controller}`);
  }
}

/** An empty cpuset (v1) takes no process: each level starts with what its parent has. */
async function inheritCpuset(parent: string, child: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    await writeFile(join(child, file), await readFile(join(parent, file), "utf8"));
  }
}

/** Files a process writes its id to, so as to be in a machine's groups. */
export interface MachineGroups {
  /** For the process that watches over the machine. */
  readonly watch: readonly string[];
  /** For the machine itself: these groups are the roots it sees. */
  readonly run: readonly string[];
}

/** Makes the groups of one machine in every tree; those that are there already are used as they are. */
export async function makeMachineGroups(tag: string, machine: string): Promise<MachineGroups> {
  const watch: string[] = [];
  const run: string[] = [];
  for (const tree of await hierarchies()) {
    const group = join(tree.path, tag, machine);
    await mkdir(group, { recursive: true });
    if (tree.version === 2) {
      // In v2 a group holds processes or hands controllers down, never both.
      for (const leaf of ["watch", "run"]) await mkdir(join(group, leaf), { recursive: true });
      for (const level of [tree.path, join(tree.path, tag), group]) await handDown(level);
      watch.push(join(group, "watch", "cgroup.procs"));
      run.push(join(group, "run", "cgroup.procs"));
      continue;
    }
    if ((await readdir(tree.path)).includes("cpuset.cpus")) {
      await inheritCpuset(tree.path, join(tree.path, tag));
      await inheritCpuset(join(tree.path, tag), group);
    }
    watch.push(join(group, "cgroup.procs"));
    run.push(join(group, "cgroup.procs"));
  }
  return { watch, run };
}

/**
 * Processes in a group (`tag`, or `tag/machine`) or below it, in any tree, by asking every process of the computer.
 * Finds also one that had joined only some of the trees when its maker was killed.
 */
async function membersOf(group: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const text = await readFile(`/proc/${entry}/cgroup`, "utf8").catch(unlessGone);
    const inGroup = text?.split("\n").some((line) => `${line.split(":").slice(2).join(":")}/`.startsWith(`/${group}/`));
    if (inGroup === true) found.push(Number(entry));
  }
  return found;
}

async function processesBelow(path: string): Promise<readonly number[]> {
  const procs = await readFile(join(path, "cgroup.procs"), "utf8").catch(unlessGone);
  if (procs === undefined) return [];
  const entries = (await readdir(path, { withFileTypes: true }).catch(unlessGone)) ?? [];
  const below = await Promise.all(
    entries.filter((e) => e.isDirectory()).map((e) => processesBelow(join(path, e.name))),
  );
  return [
    procs
      .split("\n")
      .filter((line) => line !== "" && line !== "0")
      .map(Number),
    ...below,
  ].flat();
}

/** Processes in a group (`tag`, or `tag/machine`) or below it. Found by the group, so never anyone else's. */
export async function processesIn(group: string): Promise<readonly number[]> {
  // Every process of a machine is in every tree, and the first is the one that is joined first.
  const [first] = await hierarchies();
  return first === undefined ? [] : await processesBelow(join(first.path, group));
}

async function removeTree(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(unlessGone);
  if (entries === undefined) return;
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(path, entry.name));
  await rmdir(path).catch(unlessGone);
}

/** Removes a group and all below it from every tree. Its processes must be gone; the kernel may need a moment more. */
export async function removeGroups(group: string): Promise<void> {
  for (const tree of await hierarchies()) {
    for (let attempt = 0; ; attempt++) {
      try {
        await removeTree(join(tree.path, group));
        break;
      } catch (error) {
        if (attempt === 50) throw error;
        await pause(100);
      }
    }
  }
}

/** Ends every process of a group with SIGKILL, and those they start meanwhile. Throws after 20 s without success. */
export async function killGroup(group: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const pids = await membersOf(group);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        unlessGone(error);
      }
    }
    await pause(attempt < 5 ? 20 : 100);
  }
  throw new Error(`processes of ${group} did not end within 20 s: ${(await membersOf(group)).join(", ")}`);
}
