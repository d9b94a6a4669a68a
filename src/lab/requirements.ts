import { readFile, statfs } from "node:fs/promises";
import { freemem } from "node:os";
import { dirname } from "node:path";
import { type Problem, ProblemError } from "../problems/problem.ts";
import { hierarchies } from "./control-groups.ts";
import { labCache, labRoot } from "./lab-paths.ts";
import { labProblem } from "./lab-problem.ts";
import { unlessGone } from "./process-identity.ts";
import { runProgram } from "./run-program.ts";
import { hasProgram, missingPackages } from "./tools.ts";

const mib = 1024 ** 2;
/** An image with its packages takes 444 MB, made in a second copy when it is refreshed (measured 2026-11). */
const imageBytes = 1024 * mib;
/** A machine with containerd and etcd took 330 MB of disk, and 40 MB of memory beside its caches (measured 2026-11). */
const machineDiskBytes = 400 * mib;
const machineMemoryBytes = 150 * mib;
const baseMemoryBytes = 256 * mib;

/** Bits of capabilities(7) without which no machine can be made. */
const neededCapabilities: Readonly<Record<string, number>> = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_KILL: 5,
  CAP_NET_ADMIN: 12,
  CAP_SYS_CHROOT: 18,
  CAP_SYS_ADMIN: 21,
  CAP_MKNOD: 27,
};

/** f_type of an overlay in statfs(2): OVERLAYFS_SUPER_MAGIC of linux/magic.h. */
const overlayMagic = 0x794c7630;

function mega(bytes: number): string {
  return `${Math.round(bytes / mib)} MiB`;
}

async function nearestFolder(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    if ((await statfs(at).catch(unlessGone)) !== undefined) return at;
  }
}

async function capabilityProblems(): Promise<readonly Problem[]> {
  const status = await readFile("/proc/self/status", "utf8");
  const held = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  const lacking = Object.entries(neededCapabilities).filter(([, bit]) => (held & (1n << BigInt(bit))) === 0n);
  if (lacking.length === 0) return [];
  return [
    labProblem("missing-capability", "this computer does not let root make machines", {
      because: `missing: ${lacking.map(([name]) => name).join(", ")}; this looks like the inside of a container`,
      hint: { text: "run on the computer itself or in a virtual machine, or in a container started with --privileged" },
    }),
  ];
}

async function controlGroupProblems(): Promise<readonly Problem[]> {
  if ((await hierarchies()).length > 0) return [];
  return [
    labProblem("no-control-groups", "this computer has no control groups, which systemd in a machine needs", {
      because: "nothing of type cgroup or cgroup2 is mounted below /sys/fs/cgroup",
      hint: { text: "mount them", command: "mount -t cgroup2 cgroup2 /sys/fs/cgroup" },
    }),
  ];
}

async function overlayProblems(): Promise<readonly Problem[]> {
  await loadModules(["overlay", "bridge", "veth"]);
  if (/\toverlay$/m.test(await readFile("/proc/filesystems", "utf8"))) return [];
  return [
    labProblem("no-overlay", "the kernel has no overlay file system, which the machines' disks are made of", {
      because: "overlay is not in /proc/filesystems and modprobe did not add it",
      hint: { text: "use a kernel with CONFIG_OVERLAY_FS, as those of Debian and Ubuntu" },
    }),
  ];
}

/** Asks for kernel modules; on kernels that have the feature built in, or no modprobe, there is nothing to do. */
export async function loadModules(names: readonly string[]): Promise<void> {
  for (const name of names) await runProgram(["modprobe", "--quiet", name], { okExitCodes: [0, 1, 127] });
}

/** Tries the features in a network namespace that ends with the command. */
async function networkProblems(): Promise<readonly Problem[]> {
  if (!(await hasProgram("ip")) || !(await hasProgram("unshare"))) return [];
  const problems: Problem[] = [];
  const aside = ["unshare", "--net", "--"];
  const anyCode = Array.from({ length: 256 }, (_, code) => code);
  for (const argv of [
    ["ip", "link", "add", "slw-try", "type", "bridge"],
    ["ip", "link", "add", "slw-try", "type", "veth", "peer", "name", "slw-try-peer"],
  ]) {
    const result = await runProgram([...aside, ...argv], { okExitCodes: anyCode });
    if (result.exitCode === 0) continue;
    problems.push(
      labProblem("no-network", `this computer cannot make a network ${argv[5]} for machines`, {
        because: result.stderr.trim() || `exit code ${result.exitCode}`,
        hint: { text: "use a kernel with network namespaces, bridge and veth" },
      }),
    );
  }
  if (!(await hasProgram("nft"))) return problems;
  const rules = "table ip slw { chain c { type nat hook postrouting priority srcnat; masquerade; }; }\n";
  const result = await runProgram([...aside, "nft", "-f", "-"], { input: rules, okExitCodes: anyCode });
  if (result.exitCode !== 0) {
    problems.push(
      labProblem("no-address-translation", "this computer cannot translate addresses, so machines reach nothing", {
        because: result.stderr.trim().split("\n")[0] ?? `exit code ${result.exitCode}`,
        hint: { text: "use a kernel with nf_tables and its nat and masquerade expressions" },
      }),
    );
  }
  return problems;
}

async function packageProblems(): Promise<readonly Problem[]> {
  const missing = await missingPackages();
  if (missing.length === 0 || (await hasProgram("apt-get"))) return [];
  return [
    labProblem("missing-programs", "this computer lacks programs the lab needs and cannot install them by itself", {
      because: `missing: ${missing.join(", ")} (names of Debian packages); there is no apt-get`,
      hint: { text: "install them, or use Debian or Ubuntu" },
    }),
  ];
}

async function roomProblems(machines: number): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const wants = new Map([
    [labRoot(), machines * machineDiskBytes],
    [labCache(), imageBytes],
  ]);
  for (const [path, wanted] of wants) {
    const folder = await nearestFolder(path);
    const system = await statfs(folder);
    const free = system.bavail * system.bsize;
    if (free < wanted) {
      problems.push(
        labProblem("not-enough-disk", `${path} has too little room for a lab of ${machines} machines`, {
          because: `found ${mega(free)} free, wanted ${mega(wanted)}`,
          hint: { text: "free some, or name another folder with SLIPWAY_LAB_DIR and SLIPWAY_LAB_CACHE" },
        }),
      );
    }
    if (path === labRoot() && system.type === overlayMagic) {
      problems.push(
        labProblem("overlay-on-overlay", `${path} is on an overlay file system, which cannot carry machines' disks`, {
          because: `${folder} is an overlay, as the inside of a container usually is`,
          hint: { text: "name a folder on an ordinary file system with SLIPWAY_LAB_DIR" },
        }),
      );
    }
  }
  const meminfo = await readFile("/proc/meminfo", "utf8").catch(unlessGone);
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo ?? "")?.[1];
  const available = kib === undefined ? freemem() : Number(kib) * 1024;
  const wanted = baseMemoryBytes + machines * machineMemoryBytes;
  if (available < wanted) {
    problems.push(
      labProblem("not-enough-memory", `this computer has too little memory for ${machines} machines`, {
        because: `found ${mega(available)} available, wanted ${mega(wanted)}`,
        hint: { text: "end other programs, or describe fewer machines" },
      }),
    );
  }
  return problems;
}

function notRoot(): Problem {
  return labProblem("not-root", "machines can only be made by root", {
    because: `this process runs as user id ${process.getuid?.()}`,
    hint: { text: "run the same command with sudo" },
  });
}

/**
 * Everything that keeps this computer from running a lab of so many machines; empty when it can. Changes nothing (on a
 * modular kernel it may load the overlay, bridge and veth modules), so it is also how a test decides to skip. Without
 * the rights, the kernel's features are not tried.
 */
export async function labRequirements(options: { readonly machines: number }): Promise<readonly Problem[]> {
  if (process.platform !== "linux") {
    return [
      labProblem("not-linux", "machines can only be made on Linux", {
        because: `this computer runs ${process.platform}`,
        hint: { text: "use a Linux computer or virtual machine with root, or your own hosts with slipway init" },
      }),
    ];
  }
  const rights = process.getuid?.() === 0 ? await capabilityProblems() : [notRoot()];
  const needNoRights = [controlGroupProblems(), packageProblems(), roomProblems(options.machines)];
  // Without the rights every try fails, which says nothing about the kernel.
  const needRights = rights.length === 0 ? [overlayProblems(), networkProblems()] : [];
  return [rights, ...(await Promise.all([...needNoRights, ...needRights]))].flat();
}

/** Throws all of `labRequirements` as one ProblemError. */
export async function requireLab(options: { readonly machines: number }): Promise<void> {
  const [first, ...rest] = await labRequirements(options);
  if (first !== undefined) throw new ProblemError([first, ...rest]);
}
