import { spawn } from "node:child_process";
import { open, readFile, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { ProblemError } from "../problems/problem.ts";
import { killGroup, makeMachineGroups, processesIn, removeGroups } from "./control-groups.ts";
import { cableName, hardwareAddress, labDirectory, labTag, machineDirectory } from "./lab-paths.ts";
import { labProblem } from "./lab-problem.ts";
import type { LabMachine, LabRecord } from "./lab-record.ts";
import { lowerLayers } from "./machine-files.ts";
import { removeLink } from "./network.ts";
import { unlessGone } from "./process-identity.ts";
import { programEnv } from "./run-program.ts";

/** Where the script lies that runs the machines of a lab. */
export function bootScriptFile(lab: string): string {
  return join(labDirectory(lab), "boot-machine");
}

/** The machine's place in the lab, from 0. Throws a ProblemError (`lab/unknown-machine`). */
function placeOf(lab: LabRecord, machine: string): number {
  const place = lab.machines.findIndex(({ name }) => name === machine);
  if (place >= 0) return place;
  throw new ProblemError(
    labProblem("unknown-machine", `lab ${lab.name} has no machine ${JSON.stringify(machine)}`, {
      because: `its machines are ${lab.machines.map(({ name }) => name).join(", ")}`,
    }),
  );
}

/** A machine of a lab by name. Throws a ProblemError (`lab/unknown-machine`). */
export function machineOf(lab: LabRecord, machine: string): LabMachine {
  const found = lab.machines[placeOf(lab, machine)];
  if (found === undefined) throw new RangeError(`no machine ${machine}`);
  return found;
}

/** The host's end of the cable of a machine. */
export function cableOf(lab: LabRecord, machine: string): string {
  return cableName(lab.name, placeOf(lab, machine));
}

function groupOf(lab: LabRecord, machine: string): string {
  return `${labTag(lab.name)}/${machine}`;
}

/** Process id, on the host, of a machine's init; undefined while it is off, or not yet as far as running systemd. */
export async function initOf(lab: LabRecord, machine: string): Promise<number | undefined> {
  for (const pid of await processesIn(groupOf(lab, machine))) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(unlessGone);
    // Init is process 1 of the machine's pid namespace, and of none below it. Before it is systemd, its root is the host's.
    if (status !== undefined && /^Name:\tsystemd$/m.test(status) && /^NSpid:\t\d+\t1$/m.test(status)) return pid;
  }
  return undefined;
}

async function consoleTail(lab: LabRecord, machine: string): Promise<readonly string[]> {
  const text = await readFile(join(machineDirectory(lab.name, machine), "console.log"), "utf8").catch(unlessGone);
  const lines = stripVTControlCharacters(text ?? "").split(/\r?\n|\r/);
  return lines.filter((line) => line !== "").slice(-20);
}

async function greetsAsSsh(address: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (bytes) => end(bytes.toString("latin1").startsWith("SSH-")));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
    socket.once("close", () => end(false));
  });
}

async function lacksNologin(lab: LabRecord, machine: string): Promise<boolean> {
  const init = await initOf(lab, machine);
  return init !== undefined && (await stat(`/proc/${init}/root/run/nologin`).catch(unlessGone)) === undefined;
}

/** Waits until a machine takes logins. Throws a ProblemError (`lab/machine-not-ready`) with its console's last lines. */
export async function waitForSsh(
  lab: LabRecord,
  machine: string,
  withinMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const { address } = machineOf(lab, machine);
  const deadline = Date.now() + withinMs;
  for (let poll = 0; Date.now() < deadline; poll++) {
    signal?.throwIfAborted();
    if ((await greetsAsSsh(address)) && (await lacksNologin(lab, machine))) return;
    if (poll > 20 && poll % 10 === 0 && (await processesIn(groupOf(lab, machine))).length === 0) break;
    await pause(150);
  }
  throw new ProblemError(
    labProblem("machine-not-ready", `machine ${machine} of lab ${lab.name} does not answer SSH`, {
      because: `no greeting from ${address} port 22 within ${withinMs / 1000} s`,
      host: machine,
      evidence: { command: "systemd-nspawn", exitCode: null, lastLines: await consoleTail(lab, machine) },
    }),
  );
}

/** Starts a machine, in a session of its own so that it outlives this process. Does nothing to one that is on. */
export async function startMachine(lab: LabRecord, machine: string): Promise<void> {
  const { address } = machineOf(lab, machine);
  if ((await processesIn(groupOf(lab, machine))).length > 0) return;
  const groups = await makeMachineGroups(labTag(lab.name), machine);
  const folder = machineDirectory(lab.name, machine);
  const lower = await lowerLayers(lab, machine);
  const log = await open(join(folder, "console.log"), "a", 0o600);
  try {
    const child = spawn(bootScriptFile(lab.name), ["watch"], {
      cwd: "/",
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      env: {
        PATH: programEnv.PATH,
        SLW_WATCH_GROUPS: groups.watch.join(" "),
        SLW_RUN_GROUPS: groups.run.join(" "),
        SLW_BRIDGE: labTag(lab.name),
        SLW_CABLE: cableOf(lab, machine),
        SLW_MAC: hardwareAddress(lab.name, machine),
        SLW_MTU: String(lab.mtu),
        SLW_ADDRESS: `${address}/${lab.prefix}`,
        SLW_GATEWAY: lab.gateway,
        SLW_DIRECTORY: folder,
        SLW_LOWER: lower,
        SLW_DISKS: lab.disks.join(" "),
        SLW_MACHINE: `${labTag(lab.name)}-${machine}`,
        SLW_HOSTNAME: machine,
      },
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
  } finally {
    await log.close();
  }
}

/** Ends a machine as a power cut does: the cable goes dead first, so that nobody hears from it again; then all of it. */
export async function stopMachine(lab: LabRecord, machine: string): Promise<void> {
  const cable = cableOf(lab, machine);
  await removeLink(cable);
  await killGroup(groupOf(lab, machine));
  // Once more: the machine may just have been starting.
  await removeLink(cable);
  await forgetGroups(lab, machine);
}

/**
 * A kernel that starts knows no group of the one before. cAdvisor in a kubelet that finds those of old containers asks
 * for each of them for 3 s before it starts any.
 */
async function forgetGroups(lab: LabRecord, machine: string): Promise<void> {
  await removeGroups(groupOf(lab, machine));
}

/** The argv that runs another in a machine, as root, without SSH. Throws a ProblemError (`lab/machine-off`). */
export async function enterArgv(lab: LabRecord, machine: string, argv: readonly string[]): Promise<readonly string[]> {
  machineOf(lab, machine);
  const init = await initOf(lab, machine);
  if (init === undefined) {
    throw new ProblemError(
      labProblem("machine-off", `machine ${machine} of lab ${lab.name} runs nothing`, {
        because: "it is switched off",
        host: machine,
        hint: { text: "switch it on", command: `slipway lab up` },
      }),
    );
  }
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"];
  // Whoever enters from outside brings the rights of the host: the clock stays out of reach here too.
  const limits = ["setpriv", "--bounding-set=-sys_time", "--inh-caps=-sys_time"];
  return ["nsenter", "--target", String(init), ...namespaces, "--", ...limits, ...argv];
}

/** Waits until no process of a machine is left: after it was told to power off. */
export async function waitUntilOff(lab: LabRecord, machine: string, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while ((await processesIn(groupOf(lab, machine))).length > 0) {
    if (Date.now() > deadline) {
      throw new ProblemError(
        labProblem("machine-not-ready", `machine ${machine} of lab ${lab.name} does not switch off`, {
          because: `processes are left after ${withinMs / 1000} s`,
          host: machine,
        }),
      );
    }
    await pause(100);
  }
  await forgetGroups(lab, machine);
}
