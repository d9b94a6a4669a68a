import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { loadCluster } from "../spec/load-cluster.ts";
import { demoNext } from "./demo-next.ts";

const loaded = loadCluster(readFileSync(new URL("../../examples/lab/cluster.yaml", import.meta.url)), "cluster.yaml");
if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems));
const { spec } = loaded;

describe("what the demo ends with", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("names everything there is to remove, and what stays", () => {
    vi.stubEnv("SLIPWAY_LAB_CACHE", "/c/lab");
    vi.stubEnv("SLIPWAY_IDENTITY_FILE", "/c/identity.txt");
    const text = demoNext(spec, "slipway-demo/cluster.yaml", "slipway-demo");
    const [, removed = "", stays = ""] = text.split(/Remove everything|What stays/);
    for (const one of ["slipway lab down demo", "rm -r slipway-demo ", "rm -f demo.kubeconfig"]) {
      expect(removed).toContain(one);
    }
    for (const one of ["/c/lab\n", "/c/identity.txt\n"]) expect(stays).toContain(one);
  });

  test("says what a kubeconfig is, where there is a cluster to have one of", () => {
    const words = "demo.kubeconfig: an administrator's credential, valid for 365 days";
    expect(demoNext(spec, "slipway-demo/cluster.yaml", "slipway-demo")).toContain(words);
    expect(demoNext(spec, "examples/lab/cluster.yaml", undefined)).not.toContain("credential");
    expect(demoNext(spec, "examples/lab/cluster.yaml", undefined)).toContain("rm -r examples/lab/.slipway/demo ");
  });
});

test("git keeps no kubeconfig that was written into the project's folder", () => {
  const ignored = readFileSync(new URL("../../.gitignore", import.meta.url), "utf8").split("\n");
  expect(ignored).toContain("*.kubeconfig");
});
