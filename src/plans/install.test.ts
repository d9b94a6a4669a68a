import { describe, expect, test } from "vitest";
import { sampleSpec } from "../../test/support/sample-spec.ts";
import { validateGraph } from "../engine/graph.ts";
import type { StepId } from "../engine/step.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import { install } from "./install.ts";

/** Everything a step comes after, directly or not. */
function earlierThan(spec: ClusterSpec, id: string): ReadonlySet<string> {
  const { byId } = validateGraph(install(spec).steps);
  const found = new Set<StepId>();
  const visit = (one: StepId) => {
    if (found.has(one)) return;
    found.add(one);
    for (const earlier of byId.get(one)?.after ?? []) visit(earlier);
  };
  for (const earlier of byId.get(id as StepId)?.after ?? []) visit(earlier);
  return found;
}

const external = sampleSpec();
const stacked: ClusterSpec = { ...external, etcd: { ...external.etcd, topology: "stacked" } };

describe("the graph of an install", () => {
  test("has etcd of a host configured before its images are sent, so that members find each other meanwhile", () => {
    const earlier = earlierThan(external, "artifacts.place/cp-2");
    expect(earlier).toContain("etcd.configure/cp-2");
    expect(earlier).toContain("etcd.client-certs/cp-2");
    expect([...earlier].filter((id) => id.endsWith("/cp-1"))).toEqual([]);
    expect(earlier).not.toContain("etcd.bootstrap");
  });

  test("sends images to a worker as soon as containerd is there", () => {
    expect([...earlierThan(external, "artifacts.place/w-1")].sort()).toEqual([
      "containerd.install/w-1",
      "os.baseline/w-1",
    ]);
  });

  test("waits for nodes and pods again after whatever makes them unready for a while", () => {
    const direct = validateGraph(install(external).steps).byId.get("cluster.ready" as StepId)?.after;
    expect(direct).toEqual(
      expect.arrayContaining([
        "control-plane.roll/cp-2",
        "node.kubelet/cp-2",
        "node.kubelet/w-1",
        "network.bridge/w-1",
      ]),
    );
  });

  test("has nothing of etcd's own where kubeadm runs it", () => {
    expect([...earlierThan(stacked, "cluster.ready")].filter((id) => id.startsWith("etcd."))).toEqual([]);
    expect([...earlierThan(stacked, "artifacts.place/cp-2")].filter((id) => id.startsWith("etcd."))).toEqual([]);
  });
});
