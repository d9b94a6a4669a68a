import { randomBytes, randomInt } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openBundle } from "../../src/artifacts/bundle.ts";
import { releaseIn } from "../../src/artifacts/found-bundle.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { labDown, reapLabs } from "../../src/lab/lab-down.ts";
import { labIdentityFile } from "../../src/lab/lab-paths.ts";
import { labUp } from "../../src/lab/lab-up.ts";
import type { ClusterSpec } from "../../src/spec/cluster-spec.ts";
import { loadCluster } from "../../src/spec/load-cluster.ts";
import { stateFolder } from "../../src/state/state-folder.ts";

export type Topology = "external" | "stacked";

/** Seven new machines with no route out, and the cluster file that describes them. */
export interface InstallMachines extends AsyncDisposable {
  readonly clusterFile: string;
  readonly spec: ClusterSpec;
  readonly lab: Lab;
}

/** Boots the machines of a topology; the same names and addresses every time, in a network nobody else uses. */
export type Boot = (topology: Topology, folder: string) => Promise<InstallMachines>;

const roles: Readonly<Record<string, string>> = {
  "lb-1": "load-balancer",
  "lb-2": "load-balancer",
  "cp-1": "control-plane, etcd",
  "cp-2": "control-plane, etcd",
  "cp-3": "control-plane, etcd",
  "w-1": "worker",
  "w-2": "worker",
};

/** What `Boot` makes its machines with: one name and one network (198.18.0.0/15, RFC 2544) for all of a benchmark. */
export function bootWith(bundle: string): Boot {
  const name = `bench-${randomBytes(3).toString("hex")}`;
  const network = `198.${18 + randomInt(2)}.${randomInt(256)}`;
  const machines = Object.keys(roles).map((machine, at) => ({ name: machine, address: `${network}.${at + 100}` }));
  return async (topology, folder) => {
    await reapLabs();
    mkdirSync(folder, { recursive: true });
    const clusterFile = join(folder, "cluster.yaml");
    const text = clusterYaml(name, network, machines, topology, bundle);
    writeFileSync(clusterFile, text);
    const loaded = loadCluster(text, clusterFile);
    if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems, null, 2));
    const knownHostsFile = join(stateFolder(clusterFile, name).root, "known_hosts");
    const lab = await labUp({ name, machines, knownHostsFile, ephemeral: true });
    await Promise.all(machines.map(async (one) => await lab.exec(one.name, ["ip", "route", "del", "default"])));
    const down = async () => {
      await labDown({ name });
    };
    return { clusterFile, spec: loaded.spec, lab, [Symbol.asyncDispose]: down };
  };
}

function clusterYaml(
  name: string,
  network: string,
  machines: readonly { readonly name: string; readonly address: string }[],
  topology: Topology,
  bundle: string,
): string {
  const { artifacts, kubernetes } = openBundle(bundle).index;
  const names = artifacts.map((one) => one.name);
  const release = (project: string) => `{ from: release, version: ${releaseIn(names, project)?.replace(/^v/, "")} }`;
  const etcd = topology === "stacked" ? "" : `, source: ${release("etcd")}`;
  const hosts = machines.map(
    (one) => `    - { name: ${one.name}, address: ${one.address}, roles: [${roles[one.name]}] }\n`,
  );
  return `apiVersion: slipway.dev/v1alpha1
kind: Cluster
metadata: { name: ${name} }
spec:
  kubernetes: { version: ${kubernetes} }
  ssh: { user: root, identityFile: ${labIdentityFile(name)} }
  hosts:
${hosts.join("")}  endpoint: { virtualIP: { address: ${network}.10, prefix: 24 } }
  etcd: { topology: ${topology}${etcd} }
  network: { plugin: { kind: bridge } }
  runtime: { source: ${release("containerd")} }
  addons: { metricsServer: true }
  artifacts: { bundle: ${bundle} }
  preflight:
    downgrade:
      - { check: host-cpu, reason: all machines share one computer }
      - { check: host-memory, reason: all machines share one computer }
      - { check: etcd-fsync, reason: all machines share one computer }
`;
}
