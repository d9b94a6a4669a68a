import { beforeEach, describe, expect, test } from "vitest";
import { type FakeHosts, fakeHosts } from "../../../test/support/fake-hosts.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { StepId } from "../../engine/step.ts";
import type { HostSpec } from "../../spec/cluster-spec.ts";
import { nodeHosts } from "../../spec/hosts-by-role.ts";
import { nodesObjectsStep } from "./nodes-objects-step.ts";

const spec = sampleSpec();
const step = nodesObjectsStep(spec, (host: HostSpec) => `join/${host.name}` as StepId);
let kube: FakeKube;
let hosts: FakeHosts;

beforeEach(() => {
  kube = new FakeKube();
  // The fake API knows server-side apply alone.
  kube.intercept = (request) => {
    if (!request.body.startsWith("[")) return undefined;
    const name = request.path.split("/").at(-1) ?? "";
    const [, add] = JSON.parse(request.body) as { value: unknown }[];
    kube.edit({ apiVersion: "v1", kind: "Node", name }, (node) => ({ ...node, spec: { taints: add?.value } }));
    return { status: 200, body: {} };
  };
  const plane = { files: kube.files, runs: [kube.run] };
  hosts = fakeHosts({ hosts: { "cp-1": plane, "cp-2": plane, "cp-3": plane } });
});

function joined(names: readonly string[]): void {
  for (const name of names) kube.put({ apiVersion: "v1", kind: "Node", metadata: { name }, spec: {} });
}

describe("the step for labels and taints", () => {
  test("cannot say anything before there is a cluster", async () => {
    kube.listening = false;
    for (const name of ["cp-1", "cp-2", "cp-3"])
      hosts.host(name).files.remove("/etc/kubernetes/manifests/kube-apiserver.yaml", false);
    expect(await step.check(lookAt(hosts, "cp-1"))).toMatchObject({ state: "unknown", until: "control-plane.init" });
  });

  test("waits for a host that has not joined, once all others are as declared", async () => {
    joined(["cp-1", "cp-2", "cp-3", "w-1"]);
    const check = await step.check(lookAt(hosts, "cp-1"));
    if (check.state !== "needed") throw new Error(check.state);
    await step.apply(actOn(hosts, "cp-1"), check.found);
    expect(await step.check(lookAt(hosts, "cp-1"))).toMatchObject({ state: "unknown", until: "join/w-2" });
  });

  test("makes all nodes as declared, and then has nothing to do", async () => {
    joined(nodeHosts(spec).map((host) => host.name));
    const check = await step.check(lookAt(hosts, "cp-1"));
    if (check.state !== "needed") throw new Error(check.state);
    expect(check.changes.map((change) => change.what)).toEqual([
      "labels of node cp-1",
      "taints of node cp-1",
      "labels of node cp-2",
      "taints of node cp-2",
      "labels of node cp-3",
      "taints of node cp-3",
      "labels of node w-1",
      "labels of node w-2",
    ]);
    await step.apply(actOn(hosts, "cp-1"), check.found);
    expect(await step.check(lookAt(hosts, "cp-1"))).toMatchObject({ state: "satisfied" });
    expect(await step.verify[0].holds(lookAt(hosts, "cp-1"))).toEqual({ state: "met" });
    expect(kube.get({ apiVersion: "v1", kind: "Node", name: "cp-2" })?.spec).toEqual({
      taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
    });
  });

  test("sees a removed control plane taint", async () => {
    joined(nodeHosts(spec).map((host) => host.name));
    const check = await step.check(lookAt(hosts, "cp-1"));
    if (check.state !== "needed") throw new Error(check.state);
    await step.apply(actOn(hosts, "cp-1"), check.found);
    kube.edit({ apiVersion: "v1", kind: "Node", name: "cp-3" }, (node) => ({ ...node, spec: {} }));
    const again = await step.check(lookAt(hosts, "cp-1"));
    expect(again).toMatchObject({ state: "needed", changes: [{ what: "taints of node cp-3" }] });
    expect(await step.verify[0].holds(lookAt(hosts, "cp-1"))).toEqual({ state: "not-yet", because: "cp-3 differs" });
  });
});
