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
  test("has all of etcd done on a host before its images are sent: nothing of it stands in line behind them", () => {
    const earlier = earlierThan(external, "artifacts.place/cp-2");
    expect(earlier).toContain("etcd.promote/cp-2");
    expect(earlier).toContain("etcd.client-certs/cp-2");
    expect([...earlier].filter((id) => id.startsWith("artifacts."))).toEqual([]);
  });

  test("starts kube-proxy when the API servers are those of the cluster, and add-ons on a network that leads everywhere", () => {
    expect(earlierThan(external, "network.proxy")).toContain("control-plane.join/cp-3");
    for (const id of ["addons.dns", "addons.metrics-server"])
      expect([...earlierThan(external, id)]).toEqual(
        expect.arrayContaining(["network.proxy", "network.routes/w-2", "worker.join/w-2"]),
      );
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
