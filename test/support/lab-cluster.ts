import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterFile, type Machines, sevenMachines } from "../../bench/kill/cluster.ts";
import { makeWorkFolder, type WorkFolder } from "../../bench/kill/work-folder.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { stateFolder } from "../../src/state/state-folder.ts";
import { FileVault } from "../../src/state/vault.ts";
import { type TestLab, testLab } from "./lab.ts";

/** Real machines, a cluster file about them, and the folder of somebody who uses Slipway on it. */
export interface LabCluster extends AsyncDisposable {
  readonly lab: TestLab;
  readonly folder: WorkFolder;
  readonly virtualIp: string;
}

export interface LabClusterOptions {
  /** Start of the lab's name; a random part is added. */
  readonly name: string;
  /** Default: the example's seven. Without load balancers the API is behind one of somebody else. */
  readonly machines?: Machines;
  /** Makes the cluster file out of the one with what is below Kubernetes. Then Slipway goes all the way. */
  readonly withKubernetes?: (clusterFile: string) => string;
}

/** Boots bare machines; nothing is applied. `await using` removes all of it. */
export async function labCluster(options: LabClusterOptions): Promise<LabCluster> {
  const { name, machines = sevenMachines, withKubernetes } = options;
  const lab = await testLab({ name, machines: Object.keys(machines) });
  const virtualIp = lab.freeAddress(10);
  const path = await mkdtemp(join(tmpdir(), "slipway-cluster-"));
  const balanced = Object.values(machines).some((roles) => roles.includes("load-balancer"));
  const text = clusterFile(lab, machines, balanced ? virtualIp : undefined);
  const whole = withKubernetes !== undefined;
  const folder = await makeWorkFolder(path, lab, withKubernetes?.(text) ?? text, { whole });
  return {
    lab,
    folder,
    virtualIp,
    async [Symbol.asyncDispose]() {
      await lab[Symbol.asyncDispose]();
      await rm(path, { recursive: true });
    },
  };
}

/** The same, applied. Throws with what Slipway said when that does not end with 0. */
export async function appliedLabCluster(options: LabClusterOptions): Promise<LabCluster> {
  const cluster = await labCluster(options);
  const { exitCode, stdout, stderr } = await cluster.folder.slipway(["apply", "--yes"]);
  if (exitCode === 0) return cluster;
  await cluster[Symbol.asyncDispose]();
  throw new Error(`apply ended with ${exitCode}:\n${stdout}\n${stderr}`);
}

/** The vault of the cluster, opened as its user opens it. */
export function vaultOf({ lab, folder }: Pick<LabCluster, "lab" | "folder">): FileVault {
  return new FileVault({
    folder: stateFolder(join(folder.path, "cluster.yaml"), lab.name).vault,
    identityFile: join(folder.path, "home", ".config", "slipway", "identity.txt"),
  });
}

/** The load balancers that have the virtual IP now, asked beside Slipway. */
export async function holdersOf(cluster: {
  readonly lab: Lab;
  readonly virtualIp: string;
}): Promise<readonly string[]> {
  const { lab, virtualIp } = cluster;
  const balancers = lab.machines.map((machine) => machine.name).filter((name) => name.startsWith("lb-"));
  const found = await Promise.all(
    balancers.map(async (name) => {
      if (!(await lab.isOn(name))) return [];
      const { stdout } = await lab.exec(name, ["ip", "-4", "-o", "address", "show", "to", `${virtualIp}/32`]);
      return stdout === "" ? [] : [name];
    }),
  );
  return found.flat();
}
