import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadCluster } from "../spec/load-cluster.ts";
import { componentVersions } from "./component-versions.ts";

const example = readFileSync(new URL("../../examples/single/cluster.yaml", import.meta.url), "utf8");

function isTaken(version: string): boolean {
  return !("problems" in loadCluster(example.replace(/version: 1\.36\.\d+/, `version: ${version}`), "cluster.yaml"));
}

test("the oldest Kubernetes a cluster file may name is the oldest whose images are known", () => {
  const taken = Array.from({ length: 10 }, (_, back) => `1.${36 - back}.1`).filter(isTaken);
  expect(taken.length).toBeGreaterThan(1);
  for (const version of taken) expect(componentVersions(version).coreDns).toMatch(/^v1\./);
});
