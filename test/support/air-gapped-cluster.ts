import { parseDocument } from "yaml";
import type { Bundle } from "../../src/artifacts/bundle.ts";
import { demoClusterText } from "../../src/cli/demo-cluster.ts";
import { type LabCluster, labCluster } from "./lab-cluster.ts";

/** Boots seven bare machines that reach each other and nothing else, and a cluster file that installs from a bundle. */
export async function airGappedCluster(name: string, bundle: Bundle): Promise<LabCluster> {
  const cluster = await labCluster({ name, withKubernetes: (text) => airGappedClusterFile(text, bundle) });
  try {
    await Promise.all(cluster.lab.machines.map((machine) => cutOff(cluster, machine.name)));
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

/** Takes a machine's ways out and everything apt could install from, and sees that they are gone. */
async function cutOff({ lab }: LabCluster, machine: string): Promise<void> {
  const program = `
set -e
ip route flush default
ip -6 route flush default
apt-get clean
rm -rf /var/lib/apt/lists/*
! ip route get 192.0.2.1
! ls /var/cache/apt/archives/*.deb`;
  await lab.exec(machine, ["sh", "-c", program]);
}

/** External etcd where the bundle has a release of it, and one of everything that can drift. */
export function airGappedClusterFile(belowKubernetes: string, bundle: Bundle): string {
  const withPlaces = belowKubernetes
    .replace(/(name: w-1, .*) }/, "$1, zone: a, labels: { example.com/disk: ssd } }")
    .replace(/(name: w-2, .*) }/, "$1, zone: b, taints: [{ key: example.com/slow, effect: PreferNoSchedule }] }");
  const document = parseDocument(demoClusterText(withPlaces, { from: "bundle", bundle }));
  const more = {
    network: { plugin: { kind: "bridge" } },
    addons: { metricsServer: true, dns: { nodeLocal: true } },
    namespaces: [{ name: "shop", podSecurity: "restricted", quota: { pods: 20 } }],
    teams: [{ name: "shop", groups: ["oidc:shop"], namespaces: ["shop"], role: "edit" }],
  };
  for (const [field, value] of Object.entries(more)) document.setIn(["spec", field], value);
  return document.toString({ lineWidth: 0 });
}
