import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Bundle } from "../artifacts/bundle.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import { loadCluster } from "../spec/load-cluster.ts";
import { demoClusterText } from "./demo-cluster.ts";

const example = readFileSync(new URL("../../examples/lab/cluster.yaml", import.meta.url), "utf8");

function load(text: string): ClusterSpec {
  const loaded = loadCluster(text, "cluster.yaml");
  if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.spec;
}

function bundleOf(...names: readonly string[]): Bundle {
  return {
    path: "/var/cache/slipway/bundles/kubernetes-1.36.1.tar",
    index: { kubernetes: "1.36.1", artifacts: names.map((name) => ({ kind: "file", name })) },
  } as unknown as Bundle;
}

describe("the demo's cluster file", () => {
  test("has the programs of a bundle, and is otherwise the example's", () => {
    const bundle = bundleOf("etcd/v3.5.30/linux/amd64", "containerd/2.1.9/linux/amd64");
    const spec = load(demoClusterText(example, { from: "bundle", bundle }));
    expect(spec.kubernetes.version).toBe("1.36.1");
    expect(spec.artifacts.bundle).toBe(bundle.path);
    expect(spec.etcd).toMatchObject({ topology: "external", source: { from: "release", version: "3.5.30" } });
    expect(spec.runtime.source).toMatchObject({ from: "release", version: "2.1.9" });
    const { hosts, endpoint, network, name } = load(example);
    expect(spec).toMatchObject({ hosts, endpoint, network, name });
  });

  test("lets kubeadm run etcd where the bundle has no release of it", () => {
    const spec = load(demoClusterText(example, { from: "bundle", bundle: bundleOf("containerd/2.1.9/linux/amd64") }));
    expect(spec.etcd.topology).toBe("stacked");
  });

  test("takes what its publishers put on the internet, digests included", () => {
    const spec = load(demoClusterText(example, { from: "internet" }));
    expect(spec.artifacts.bundle).toBeUndefined();
    expect(spec.etcd.topology).toBe("stacked");
    expect(spec.runtime.source.from).toBe("release");
  });

  test("keeps the example's comments", () => {
    expect(demoClusterText(example, { from: "internet" })).toContain("# Made by `slipway lab up`");
  });
});
