import { randomBytes, randomInt } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openBundle } from "../../src/artifacts/bundle.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { labDown, reapLabs } from "../../src/lab/lab-down.ts";
import { labIdentityFile } from "../../src/lab/lab-paths.ts";
import { labUp } from "../../src/lab/lab-up.ts";
import type { ClusterSpec } from "../../src/spec/cluster-spec.ts";
import { loadCluster } from "../../src/spec/load-cluster.ts";
import { stateFolder } from "../../src/state/state-folder.ts";
import { clusterFile, sevenMachines } from "../kill/cluster.ts";
import { kubernetesFile, type Topology } from "../kill/kubernetes-file.ts";

/** Seven new machines with no route out, and the cluster file that describes them. */
export interface InstallMachines extends AsyncDisposable {
  readonly clusterFile: string;
  readonly spec: ClusterSpec;
  readonly lab: Lab;
}

/** Boots the machines of a topology; the same names and addresses every time, in a network nobody else uses. */
export type Boot = (topology: Topology, folder: string) => Promise<InstallMachines>;

/** What `Boot` makes its machines with: one name and one network (198.18.0.0/15, RFC 2544) for all of a benchmark. */
export function bootWith(bundle: string): Boot {
  const name = `bench-${randomBytes(3).toString("hex")}`;
  const network = `198.${18 + randomInt(2)}.${randomInt(256)}`;
  const machines = Object.keys(sevenMachines).map((machine, at) => ({
    name: machine,
    address: `${network}.${at + 100}`,
  }));
  return async (topology, folder) => {
    await reapLabs();
    mkdirSync(folder, { recursive: true });
    const path = join(folder, "cluster.yaml");
    const named = {
      name,
      identityFile: labIdentityFile(name),
      gateway: `${network}.254`,
      address: (machine: string) => machines.find((one) => one.name === machine)?.address ?? "",
    };
    const bare = clusterFile(named, sevenMachines, `${network}.10`);
    const text = kubernetesFile(bare, openBundle(bundle), topology);
    writeFileSync(path, text);
    const loaded = loadCluster(text, path);
    if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems, null, 2));
    const knownHostsFile = join(stateFolder(path, name).root, "known_hosts");
    const lab = await labUp({ name, machines, knownHostsFile, ephemeral: true });
    await Promise.all(machines.map(async (one) => await lab.exec(one.name, ["ip", "route", "del", "default"])));
    const down = async () => {
      await labDown({ name });
    };
    return { clusterFile: path, spec: loaded.spec, lab, [Symbol.asyncDispose]: down };
  };
}
