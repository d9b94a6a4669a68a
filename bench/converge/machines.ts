import { randomBytes, randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../../src/lab/lab.ts";
import { labDown, reapLabs } from "../../src/lab/lab-down.ts";
import { labIdentityFile } from "../../src/lab/lab-paths.ts";
import { labUp } from "../../src/lab/lab-up.ts";
import { loadCluster } from "../../src/spec/load-cluster.ts";
import { stateFolder } from "../../src/state/state-folder.ts";

/** Real machines for one benchmark, and the cluster file that describes them. */
export interface Machines extends AsyncDisposable {
  readonly clusterFile: string;
  readonly lab: Lab;
  /** Replaces all machines by new ones with the same names and addresses, and `prepare`s them. */
  reset(): Promise<void>;
}

/** More of them at the same time only wait for one another. */
const preparedAtOnce = 4;

/**
 * Boots `hosts` machines, all of which are Kubernetes hosts: the longest baseline. Every machine gets python3, which
 * Ansible needs there and Slipway does not, so that both start from the same.
 */
export async function bootMachines(hosts: number, folder: string): Promise<Machines> {
  await reapLabs();
  const name = `bench-${randomBytes(3).toString("hex")}`;
  const network = `198.${18 + randomInt(2)}.${randomInt(256)}`;
  const machines = Array.from({ length: hosts }, (_, at) => ({
    name: at === 0 ? "cp-1" : `w-${at}`,
    address: `${network}.${at + 100}`,
  }));
  const clusterFile = join(folder, "cluster.yaml");
  const text = clusterYaml(name, machines);
  writeFileSync(clusterFile, text);
  const loaded = loadCluster(text, clusterFile);
  if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems, null, 2));
  const knownHostsFile = join(stateFolder(clusterFile, name).root, "known_hosts");
  const boot = async (): Promise<Lab> => {
    const lab = await labUp({ name, machines, knownHostsFile, ephemeral: true });
    const left = [...machines];
    const goThrough = async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) await prepare(lab, next.name);
    };
    await Promise.all(Array.from({ length: preparedAtOnce }, goThrough));
    return lab;
  };
  let lab = await boot();
  return {
    clusterFile,
    get lab() {
      return lab;
    },
    async reset() {
      await labDown({ name });
      lab = await boot();
    },
    async [Symbol.asyncDispose]() {
      await labDown({ name });
    },
  };
}

async function prepare(lab: Lab, machine: string): Promise<void> {
  const apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"];
  await lab.exec(machine, [...apt, "update"], { timeoutMs: 300_000 });
  await lab.exec(machine, [...apt, "install", "--no-install-recommends", "python3", "python3-apt"], {
    timeoutMs: 600_000,
  });
}

function clusterYaml(name: string, machines: readonly { readonly name: string; readonly address: string }[]): string {
  const hosts = machines.map(
    ({ name, address }, at) =>
      `    - { name: ${name}, address: ${address}, roles: [${at === 0 ? "control-plane, etcd" : "worker"}] }\n`,
  );
  return `apiVersion: slipway.dev/v1alpha1
kind: Cluster
metadata:
  name: ${name}
spec:
  kubernetes:
    version: 1.36.2
  ssh:
    user: root
    identityFile: ${labIdentityFile(name)}
  etcd:
    topology: stacked
  preflight:
    downgrade:
      - { check: host-cpu, reason: machines of a benchmark share the processors of one computer }
  hosts:
${hosts.join("")}`;
}
