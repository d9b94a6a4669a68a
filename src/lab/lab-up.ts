import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ProblemError } from "../problems/problem.ts";
import { bootScript } from "./boot-script.ts";
import { rememberHostSettings, withHostLock } from "./host-settings.ts";
import { ensureImage } from "./image.ts";
import { rewriteKnownHosts } from "./known-hosts.ts";
import { bootWithinMs, type Lab, labFrom } from "./lab.ts";
import { removeLab, withLabLock, withRegistryLock } from "./lab-down.ts";
import { labDirectory, labIdentityFile, labRoot, labTag } from "./lab-paths.ts";
import { labProblem } from "./lab-problem.ts";
import type { OnProgress } from "./lab-progress.ts";
import {
  allLabRecords,
  type LabMachine,
  type LabRecord,
  labNamePattern,
  readLabRecord,
  writeLabRecord,
} from "./lab-record.ts";
import { bootScriptFile, startMachine, waitForSsh } from "./machine.ts";
import { ensureKeyPair, layMachineFiles } from "./machine-files.ts";
import { collidingRoute, makeNetwork, uplinkMtu } from "./network.ts";
import { layPackages } from "./package-pool.ts";
import { ownIdentity } from "./process-identity.ts";
import { loadModules, requireLab } from "./requirements.ts";
import { labSubnet, overlap } from "./subnet.ts";
import { installTools } from "./tools.ts";

export interface LabUpOptions {
  /** A DNS label: "demo". The cluster's name, for a lab made from a cluster file. */
  readonly name: string;
  readonly machines: readonly LabMachine[];
  /** Addresses that are not machines but must be in the same network: virtual IPs. */
  readonly reserved?: readonly string[];
  /** "10.77.0.0/24"; default: the /24 of the first machine. */
  readonly subnet?: string;
  /** Folders on an ordinary file system; default /var/lib/containerd and /var/lib/kubelet, which need it. */
  readonly disks?: readonly string[];
  /** A known_hosts file that is to know the machines, besides the lab's own. */
  readonly knownHostsFile?: string;
  /** For tests: `reapLabs` removes the lab once this process is gone. */
  readonly ephemeral?: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

const defaultDisks = ["/var/lib/containerd", "/var/lib/kubelet"];

/** Kernel modules that Slipway looks for on its hosts: a machine cannot load any, so the host does where it has them. */
const hostModules = ["br_netfilter", "nf_conntrack", "ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh"];

function checkDefinition(options: LabUpOptions): void {
  const names = options.machines.map(({ name }) => name);
  const addresses = options.machines.map(({ address }) => address);
  const wrongNames = [options.name, ...names].filter((name) => !labNamePattern.test(name));
  const twice = [...names, ...addresses].filter((one, at, all) => all.indexOf(one) !== at);
  const wrongDisks = (options.disks ?? []).filter(
    (path) => !/^(\/[A-Za-z0-9._-]+)+$/.test(path) || path.includes(".."),
  );
  const because = [
    ...wrongNames.map((name) => `${JSON.stringify(name)} is not a name of at most 40 of a-z, 0-9 and -`),
    ...twice.map((one) => `${one} is used twice`),
    ...wrongDisks.map((path) => `${JSON.stringify(path)} is not a plain absolute path`),
    ...(names.length > 100 ? [`a lab has at most 100 machines, found ${names.length}`] : []),
  ];
  if (because.length === 0) return;
  throw new ProblemError(
    labProblem("bad-definition", `lab ${JSON.stringify(options.name)} cannot be made`, { because: because.join("; ") }),
  );
}

async function refuseCollision(lab: string, subnet: string): Promise<void> {
  const other = (await allLabRecords()).find((one) => one.name !== lab && overlap(one.subnet, subnet));
  const route = await collidingRoute(subnet, labTag(lab));
  const because =
    other !== undefined
      ? `lab ${other.name} has ${other.subnet}`
      : route !== undefined
        ? `this computer has a route to ${route}`
        : undefined;
  if (because === undefined) return;
  throw new ProblemError(
    labProblem("subnet-in-use", `lab ${lab} cannot have the network ${subnet}`, {
      because,
      hint:
        other !== undefined
          ? { text: "remove the other lab, or use other addresses", command: `slipway lab down ${other.name}` }
          : { text: "use other addresses in the cluster file" },
    }),
  );
}

/** Decides what a lab of that name is: the one there is (same definition), or a new record after clearing leftovers. */
async function settleRecord(options: LabUpOptions, onProgress: OnProgress): Promise<LabRecord> {
  const { name, machines } = options;
  const subnet = labSubnet([...machines.map(({ address }) => address), ...(options.reserved ?? [])], options.subnet);
  const disks = options.disks ?? defaultDisks;
  const definition = { machines: machines.map(({ name, address }) => ({ name, address })), subnet: subnet.cidr, disks };
  const found = await readLabRecord(name);
  if (found?.phase === "up") {
    const { machines, subnet, disks } = found;
    if (isDeepStrictEqual({ machines, subnet, disks }, definition)) {
      return { ...found, ...(options.knownHostsFile === undefined ? {} : { knownHostsFile: options.knownHostsFile }) };
    }
    throw new ProblemError(
      labProblem("already-there", `lab ${name} exists with other machines`, {
        because: `it has ${machines.map((one) => `${one.name} ${one.address}`).join(", ")} in ${subnet}`,
        hint: { text: "remove it first", command: `slipway lab down ${name}` },
      }),
    );
  }
  // Whatever is left of a run that was cut off, also when its folder is lost, goes before anything is made.
  await removeLab(name, onProgress);
  return await withRegistryLock(async () => {
    await refuseCollision(name, subnet.cidr);
    await mkdir(labRoot(), { recursive: true, mode: 0o755 });
    const record: LabRecord = {
      name,
      phase: "starting",
      ...definition,
      prefix: subnet.prefix,
      gateway: subnet.gateway,
      mtu: await uplinkMtu(),
      image: "",
      createdAt: new Date().toISOString(),
      owner: await ownIdentity(),
      ephemeral: options.ephemeral ?? false,
      ...(options.knownHostsFile === undefined ? {} : { knownHostsFile: options.knownHostsFile }),
    };
    await writeLabRecord(record);
    return record;
  });
}

function sshConfig(lab: LabRecord): string {
  const directory = labDirectory(lab.name);
  const hosts = lab.machines.map(
    ({ name, address }) => `Host ${name}\n  HostName ${address}\n  HostKeyAlias ${address}\n`,
  );
  return [
    ...hosts,
    "Host *",
    `  IdentityFile ${labIdentityFile(lab.name)}`,
    "  IdentitiesOnly yes",
    `  UserKnownHostsFile ${join(directory, "known_hosts")}`,
    "  GlobalKnownHostsFile /dev/null",
    "  StrictHostKeyChecking yes",
    "  BatchMode yes",
    "",
  ].join("\n");
}

async function layLabFiles(lab: LabRecord): Promise<void> {
  const directory = labDirectory(lab.name);
  await layPackages(join(directory, "packages"));
  // Not in place: a machine that runs still reads the old one.
  const script = bootScriptFile(lab.name);
  await writeFile(`${script}.new`, bootScript);
  await chmod(`${script}.new`, 0o755);
  await rename(`${script}.new`, script);
  const loginKey = await ensureKeyPair(labIdentityFile(lab.name));
  const keys = await allOf(
    lab.machines.map(async (machine) => [machine.address, await layMachineFiles(lab, machine, loginKey)] as const),
  );
  await rewriteKnownHosts(join(directory, "known_hosts"), new Map(keys));
  if (lab.knownHostsFile !== undefined) await rewriteKnownHosts(lab.knownHostsFile, new Map(keys));
  await writeFile(join(directory, "ssh_config"), sshConfig(lab));
}

/** Waits for all, and only then throws what the first failed with: nothing is still being started when that is undone. */
async function allOf<T>(works: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(works);
  return await Promise.all(works);
}

async function bootAll(lab: LabRecord, onProgress: OnProgress, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await allOf(lab.machines.map(({ name }) => startMachine(lab, name)));
  let ready = 0;
  await allOf(
    lab.machines.map(async ({ name }) => {
      await waitForSsh(lab, name, bootWithinMs, signal);
      ready += 1;
      const text = `${name} answers SSH (${ready} of ${lab.machines.length})`;
      onProgress({ stage: "machines", text, machine: name });
    }),
  );
}

/**
 * Makes a lab, or completes one that is there: machines that are off are switched on, keeping their disks. Leftovers of
 * a run that was cut off are removed first. When it fails, a lab that was not there before is removed again.
 *
 * Throws a ProblemError: every missing requirement at once (`labRequirements`), `lab/bad-definition`,
 * `lab/subnet-in-use`, `lab/already-there`, `lab/machine-not-ready` with the console's last lines, `lab/command-failed`.
 */
export async function labUp(options: LabUpOptions): Promise<Lab> {
  const { name, onProgress = () => undefined, signal } = options;
  checkDefinition(options);
  await requireLab({ machines: options.machines.length });
  await installTools(onProgress, signal);
  // Some requirements can only be tried with the tools at hand.
  await requireLab({ machines: options.machines.length });
  return await withLabLock(name, onProgress, async () => {
    const settled = await settleRecord(options, onProgress);
    try {
      const lab = settled.phase === "up" ? settled : await withImage(settled, onProgress, signal);
      onProgress({ stage: "network", text: `network ${lab.subnet}, this computer is ${lab.gateway}` });
      await loadModules(hostModules);
      await withHostLock(async () => {
        await rememberHostSettings();
        await makeNetwork(labTag(name), lab);
      });
      await layLabFiles(lab);
      onProgress({ stage: "machines", text: `starting ${lab.machines.length} machines` });
      await bootAll(lab, onProgress, signal);
      const up: LabRecord = { ...lab, phase: "up" };
      await writeLabRecord(up);
      return labFrom(up);
    } catch (error) {
      if (settled.phase !== "up") await removeLab(name, onProgress);
      throw error;
    }
  });
}

async function withImage(lab: LabRecord, onProgress: OnProgress, signal: AbortSignal | undefined): Promise<LabRecord> {
  const inUse = async () => (await allLabRecords()).map(({ image }) => image);
  const image = await ensureImage({ inUse, onProgress, ...(signal === undefined ? {} : { signal }) });
  const withIt: LabRecord = { ...lab, image };
  await writeLabRecord(withIt);
  return withIt;
}
