import { join } from "node:path";
import { labDirectory, labIdentityFile, labTag } from "./lab-paths.ts";
import { type LabMachine, type LabRecord, requireLabRecord } from "./lab-record.ts";
import {
  cableOf,
  enterArgv,
  initOf,
  machineOf,
  startMachine,
  stopMachine,
  waitForSsh,
  waitUntilOff,
} from "./machine.ts";
import { cutCable, joinCable, type NetworkCut } from "./network.ts";
import { type ProgramOptions, type ProgramResult, runProgram } from "./run-program.ts";
import { restoreDisk, saveDisk } from "./saved-disk.ts";

/** How long a machine may take from its start to its first SSH greeting. Seven at once on two cores took 3 s (2026-11). */
export const bootWithinMs = 120_000;

/** A lab that is up, and what tests and drills do to its machines. Opening it twice, or elsewhere, is fine. */
export interface Lab {
  readonly name: string;
  readonly machines: readonly LabMachine[];
  /** "10.77.0.0/24" */
  readonly subnet: string;
  /** This computer's own address in the subnet. */
  readonly gateway: string;
  readonly directory: string;
  /** Private key for root, admin (sudo without password) and operator (sudo with `operatorPassword`). */
  readonly identityFile: string;
  readonly knownHostsFile: string;
  /** For `ssh -F FILE cp-1`: every machine by its name. */
  readonly sshConfigFile: string;
  /** The IPv4 address of a machine. */
  address(machine: string): string;
  isOn(machine: string): Promise<boolean>;
  /** A power cut: the network goes silent first, then everything ends. Files keep what was written. */
  powerOff(machine: string): Promise<void>;
  /** Starts a machine that is off and waits until it answers SSH. */
  powerOn(machine: string): Promise<void>;
  /** Tells the machine to shut down in an orderly way, and waits until it is off. */
  shutDown(machine: string): Promise<void>;
  /** Keeps what is on the disks of a machine that is off, under a name. */
  saveDisk(machine: string, name: string): Promise<void>;
  /** Puts the disks of a machine that is off back to what was saved; what was written since is lost. */
  restoreDisk(machine: string, name: string): Promise<void>;
  /** "cable" (default): the machine sees its link go down. "switch": packets go nowhere, the link stays. */
  cutNetwork(machine: string, how?: NetworkCut): Promise<void>;
  restoreNetwork(machine: string): Promise<void>;
  /** Runs a program in a machine as root, beside SSH. A failing one throws unless `okExitCodes` has its code. */
  exec(machine: string, argv: readonly string[], options?: ProgramOptions): Promise<ProgramResult>;
  /** The ssh command line for a machine; `command` is run there, without one it is a login. */
  sshArgv(machine: string, command?: readonly string[], user?: string): readonly string[];
}

/** The handle of a lab from its record. */
export function labFrom(record: LabRecord): Lab {
  const directory = labDirectory(record.name);
  const sshConfigFile = join(directory, "ssh_config");
  const boot = async (machine: string) => {
    await startMachine(record, machine);
    await waitForSsh(record, machine, bootWithinMs);
  };
  const exec = async (machine: string, argv: readonly string[], options?: ProgramOptions) => {
    return await runProgram(await enterArgv(record, machine, argv), {
      ...options,
      env: { HOME: "/root", ...options?.env },
    });
  };
  return {
    name: record.name,
    machines: record.machines,
    subnet: record.subnet,
    gateway: record.gateway,
    directory,
    identityFile: labIdentityFile(record.name),
    knownHostsFile: join(directory, "known_hosts"),
    sshConfigFile,
    address: (machine) => machineOf(record, machine).address,
    isOn: async (machine) => (await initOf(record, machineOf(record, machine).name)) !== undefined,
    powerOff: async (machine) => await stopMachine(record, machine),
    powerOn: boot,
    shutDown: async (machine) => {
      // The answer is lost with the machine, so its exit code says nothing.
      await exec(machine, ["systemctl", "poweroff", "--no-block"]);
      await waitUntilOff(record, machine, bootWithinMs);
    },
    saveDisk: async (machine, name) => await saveDisk(record.name, machineOf(record, machine).name, name),
    restoreDisk: async (machine, name) => await restoreDisk(record.name, machineOf(record, machine).name, name),
    cutNetwork: async (machine, how = "cable") => await cutCable(cableOf(record, machine), how),
    restoreNetwork: async (machine) => await joinCable(cableOf(record, machine), labTag(record.name)),
    exec,
    sshArgv: (machine, command = [], user = "root") => {
      machineOf(record, machine);
      return ["ssh", "-F", sshConfigFile, "-l", user, machine, ...(command.length === 0 ? [] : ["--", ...command])];
    },
  };
}

/** The lab of that name. Throws a ProblemError (`lab/unknown`). Machines may be on or off. */
export async function openLab(name: string): Promise<Lab> {
  return labFrom(await requireLabRecord(name));
}

/** The argv of an SSH login (or of `command`) in a machine of a lab, for `slipway lab ssh`. */
export async function labSsh(
  name: string,
  machine: string,
  command: readonly string[] = [],
  user = "root",
): Promise<readonly string[]> {
  return (await openLab(name)).sshArgv(machine, command, user);
}
