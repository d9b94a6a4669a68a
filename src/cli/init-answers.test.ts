import { describe, expect, test } from "vitest";
import { bareHosts } from "../../test/support/bare-hosts.ts";
import { runPreflight } from "../preflight/run-preflight.ts";
import { renderClusterFile } from "../spec/init-cluster.ts";
import { loadCluster } from "../spec/load-cluster.ts";
import { initAnswers } from "./init-answers.ts";

const options = {
  file: "cluster.yaml",
  output: "text",
  kubernetesVersion: "1.36.2",
  name: "prod",
  controlPlanes: ["cp-1=10.0.0.21", "cp-2=10.0.0.22", "cp-3=10.0.0.23"],
  loadBalancers: ["lb-1=10.0.0.11", "lb-2=10.0.0.12"],
  workers: ["w-1=10.0.0.31", "w-2=10.0.0.32", "w-3=10.0.0.33"],
  vip: "10.0.0.10/24",
} as const;
/** What Debian 12 has in its repositories. */
const debian12 = { etcdCandidate: "3.4.23+dfsg-4", containerdCandidate: "1.6.20~ds1-1+deb12u1" };

async function checksOf(over: { etcd?: readonly string[] }) {
  const loaded = loadCluster(renderClusterFile(initAnswers({ ...options, ...over })), "cluster.yaml");
  if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems));
  const { spec, warnings } = loaded;
  const hosts = bareHosts(spec, Object.fromEntries(spec.hosts.map(({ name }) => [name, debian12])));
  const { checks } = await runPreflight(spec, hosts, { measure: false, isForKubernetes: true });
  return { warnings, found: checks.flatMap((check) => check.findings.map(() => check.name)) };
}

describe("the cluster file init writes", () => {
  test("goes on to Kubernetes with what Debian 12 has", async () => {
    expect(await checksOf({})).toEqual({ warnings: [], found: [] });
  });

  test("wants a release of etcd only where hosts are named for it", async () => {
    expect(await checksOf({ etcd: options.controlPlanes })).toEqual({ warnings: [], found: ["etcd-version"] });
  });
});
