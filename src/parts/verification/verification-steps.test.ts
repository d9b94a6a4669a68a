import { describe, expect, test } from "vitest";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { Check, ClusterStep, StepId } from "../../engine/step.ts";
import { dnsTextQuestion } from "./dns-question.ts";
import { verificationSteps } from "./verification-steps.ts";

const spec = sampleSpec();
const nodes = ["cp-1", "cp-2", "cp-3", "w-1", "w-2"];
const ready = { conditions: [{ type: "Ready", status: "True" }] };
const place = "slipway.dev/traffic-place";

function world() {
  const kube = new FakeKube();
  // Services get an address, and pods on nodes run at once.
  let address = 0;
  kube.defaulted = (object) => {
    if (object.kind === "Service" && (object.spec as { clusterIP?: string }).clusterIP === undefined) {
      address += 1;
      return { ...object, spec: { ...(object.spec as object), clusterIP: `10.96.7.${address}` } };
    }
    return object.kind === "Pod" ? { ...object, status: { phase: "Running", ...ready } } : object;
  };
  for (const name of nodes) kube.put({ apiVersion: "v1", kind: "Node", metadata: { name }, status: ready });
  const cut = new Set<string>();
  kube.intercept = ({ path, query }) => {
    const pod = /pods\/http:(slipway-traffic-(\d)-(\w+)):(\d+)\/proxy\/dns-query/.exec(path);
    if (pod === null) return undefined;
    const [, , from, attempt] = pod;
    const question = Buffer.from(query.get("dns") ?? "", "base64url").toString("latin1");
    const to = /to-(\d)/.exec(question)?.[1];
    if (to === undefined) return { status: 200, body: "\u0000dns-version 1.1.0" };
    if (cut.has(`${from}>${to}`)) return { status: 200, body: "\u0000\u0000 SERVFAIL" };
    return { status: 200, body: `\u0000slipway-traffic-${to}-${attempt}` };
  };
  const plane = { files: kube.files, runs: [kube.run] };
  const hosts = fakeHosts({ hosts: { "cp-1": plane, "cp-2": plane, "cp-3": plane } });
  const steps = (trafficAnyway = false) => verificationSteps(spec, { everything: [], trafficAnyway }) as ClusterStep[];
  const step = (id: string, anyway = false): ClusterStep => {
    const found = steps(anyway).find((one) => one.id === (id as StepId));
    if (found === undefined) throw new Error(`there is no step ${id}`);
    return found;
  };
  const check = (id: string, anyway = false) => step(id, anyway).check(lookAt(hosts, "cp-1"));
  const run = async (id: string, anyway = false) => {
    const found = await check(id, anyway);
    if (found.state === "needed") await step(id).apply(actOn(hosts, "cp-1"), found.found);
    return found;
  };
  const holds = (id: string) => step(id).verify[0].holds(lookAt(hosts, "cp-1"));
  const pods = () => kube.list("Pod").filter((one) => one.metadata.labels?.[place] !== undefined);
  return { kube, cut, hosts, check, run, holds, pods, step };
}

function changesOf(check: Check): readonly string[] {
  if (check.state !== "needed") throw new Error(`the check is ${check.state}`);
  return check.changes.map((one) => `${one.verb} ${one.what}${one.because === undefined ? "" : `: ${one.because}`}`);
}

describe("a cluster is ready", () => {
  test("when all hosts are Ready nodes and the system's pods are ready", async () => {
    const { check } = world();
    expect(await check("cluster.ready")).toEqual({
      state: "satisfied",
      because: "all 5 nodes and 0 pods of kube-system are ready",
    });
  });

  test("not while a host has not joined, a kubelet is silent or a pod waits, each with its reason", async () => {
    const { kube, check, holds } = world();
    kube.remove({ apiVersion: "v1", kind: "Node", name: "w-2" });
    const silent = { conditions: [{ type: "Ready", status: "Unknown", reason: "NodeStatusUnknown", message: "gone" }] };
    kube.put({ apiVersion: "v1", kind: "Node", metadata: { name: "w-1" }, status: silent });
    const waiting = { reason: "ImagePullBackOff", message: "no such image" };
    kube.put({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "coredns-1", namespace: "kube-system" },
      status: { phase: "Pending", containerStatuses: [{ name: "coredns", state: { waiting } }] },
    });
    const what = [
      "run wait for node w-1: NodeStatusUnknown: gone",
      "run wait for node w-2: it has not joined",
      "run wait for pod kube-system/coredns-1: container coredns waits: ImagePullBackOff: no such image",
    ];
    expect(changesOf(await check("cluster.ready"))).toEqual(what);
    expect(await holds("cluster.ready")).toMatchObject({ state: "not-yet" });
  });
});

describe("pods a node left behind", () => {
  const left = (kind: string) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "left", namespace: "kube-system", ownerReferences: [{ kind, controller: true }] },
    status: {
      phase: "Failed",
      reason: "Terminated",
      message: "Pod was terminated in response to imminent node shutdown.",
    },
  });

  test("when it was shut down are not waited for, for their controller has made others", async () => {
    const { kube, check } = world();
    kube.put(left("ReplicaSet"));
    expect((await check("cluster.ready")).state).toBe("satisfied");
  });

  test("are waited for when they are static ones", async () => {
    const { kube, check } = world();
    kube.put(left("Node"));
    expect(changesOf(await check("cluster.ready"))[0]).toContain("imminent node shutdown");
  });
});

describe("the traffic check", () => {
  test("asks from every node to every other, and removes what it was made with", async () => {
    const { kube, check, run, holds, pods } = world();
    expect(changesOf(await run("cluster.traffic"))).toEqual([
      "run traffic between pods on cp-1, cp-2, w-1, w-2: it has not been seen yet",
    ]);
    expect(pods().map((one) => (one.spec as { nodeName: string }).nodeName)).toEqual(["cp-1", "cp-2", "w-1", "w-2"]);
    expect(await holds("cluster.traffic")).toEqual({ state: "met" });
    const asked = kube.requests.filter((one) => one.path.endsWith("/proxy/dns-query"));
    // Twelve ways between four nodes, and DNS and the cache from each.
    expect(asked).toHaveLength(20);
    expect(changesOf(await run("cluster.traffic-end"))).toEqual(["delete 4 pods of the traffic check"]);
    expect(pods()).toEqual([]);
    expect((await check("cluster.traffic")).state).toBe("satisfied");
    expect((await check("cluster.traffic-end")).state).toBe("satisfied");
  });

  test("cannot be known while the API is unable to say whether it was seen", async () => {
    const { kube, check } = world();
    kube.intercept = ({ path }) =>
      path.includes("/configmaps/") ? { status: 503, body: { message: "no etcd" } } : undefined;
    expect(await check("cluster.traffic")).toMatchObject({
      state: "unknown",
      problem: { code: "kubernetes/api-unable", because: "503: no etcd" },
    });
  });

  test("names the way on which nothing comes back", async () => {
    const { cut, run, holds } = world();
    await run("cluster.traffic");
    cut.add("0>3");
    expect(await holds("cluster.traffic")).toEqual({
      state: "not-yet",
      because: "cp-1 to the Service of a pod on w-2: no answer came back",
    });
  });

  test("is made again when a node is another one, and when it is asked for", async () => {
    const { kube, check, run } = world();
    await run("cluster.traffic");
    await run("cluster.traffic-end");
    expect(changesOf(await check("cluster.traffic", true))).toEqual([
      "run traffic between pods on cp-1, cp-2, w-1, w-2: it was asked for",
    ]);
    kube.put({ apiVersion: "v1", kind: "Node", metadata: { name: "w-2", uid: "another" }, status: ready });
    expect(changesOf(await check("cluster.traffic"))[0]).toContain("has changed since it was last seen");
  });

  test("leaves nothing behind when it fails", async () => {
    const { hosts, run, pods, step } = world();
    await run("cluster.traffic");
    await step("cluster.traffic").release?.(actOn(hosts, "cp-1"));
    expect(pods()).toEqual([]);
  });

  test("begins anew after a run that was killed", async () => {
    const { run, holds, pods } = world();
    await run("cluster.traffic");
    const before = pods().map((one) => one.metadata.name);
    await run("cluster.traffic");
    expect(pods()).toHaveLength(4);
    expect(pods().some((one) => before.includes(one.metadata.name))).toBe(false);
    expect(await holds("cluster.traffic")).toEqual({ state: "met" });
  });

  test("waits for all hosts to have joined", async () => {
    const { kube, check } = world();
    kube.remove({ apiVersion: "v1", kind: "Node", name: "w-2" });
    expect(await check("cluster.traffic")).toMatchObject({ state: "unknown", until: "cluster.ready" });
  });

  test("writes questions as DNS messages", () => {
    const message = Buffer.from(dnsTextQuestion("who.to-1.slipway"), "base64url");
    expect(message.toString("hex")).toBe(
      "000001000001000000000000" + "0377686f" + "04746f2d31" + "07736c6970776179" + "00" + "00100001",
    );
  });
});
