import { parseDocument } from "yaml";
import type { Bundle } from "../../src/artifacts/bundle.ts";
import { demoClusterText } from "../../src/cli/demo-cluster.ts";
import { loadCluster } from "../../src/spec/load-cluster.ts";

export type Topology = "external" | "stacked";

/**
 * A cluster file (`bare`) that goes on to Kubernetes out of a bundle, with the bridge network and metrics-server. Throws
 * where etcd of the wanted topology cannot come out of it.
 */
export function kubernetesFile(bare: string, bundle: Bundle, topology: Topology): string {
  const document = parseDocument(demoClusterText(bare, { from: "bundle", bundle }));
  if (topology === "stacked") document.setIn(["spec", "etcd"], { topology });
  document.setIn(["spec", "network"], { plugin: { kind: "bridge" } });
  document.setIn(["spec", "addons"], { metricsServer: true });
  const text = document.toString({ lineWidth: 0 });
  const loaded = loadCluster(text, "cluster.yaml");
  if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems, null, 2));
  if (loaded.spec.etcd.topology !== topology) throw new Error(`${bundle.path} has no release of etcd`);
  return text;
}
