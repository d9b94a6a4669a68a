import { describe, expect, test } from "vitest";
import type { FakeCall, FakeRun } from "../../../test/support/fake-host-script.ts";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { fakeLinux } from "../../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { Check, HostStep, StepId } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { bridgeSteps } from "./bridge-steps.ts";
import { keptPluginStep } from "./kept-plugin-step.ts";
import { networkStepId } from "./network-layout.ts";
import { networkSteps } from "./network-steps.ts";
import { podRangesSteps } from "./pod-ranges-step.ts";

const spec = sampleSpec();
const nodes = ["cp-1", "cp-2", "cp-3", "w-1", "w-2"];

const addresses = new Map(spec.hosts.map((host) => [String(host.name), host.address]));

function interfaceOf(ifname: string, local: string | undefined) {
  return { ifname, mtu: 1500, flags: ["UP"], addr_info: [{ local, prefixlen: 24 }] };
}

/** "via 10.0.0.11", "dev eth0 src 10.0.0.31" → as ip has them in JSON. */
function fieldsOf(way: string) {
  const words = way.split(" ");
  const after = (word: string) => (words.includes(word) ? words[words.indexOf(word) + 1] : undefined);
  return { gateway: after("via"), dev: after("dev") ?? "eth0", prefsrc: after("src") };
}

/** A kernel's routes and nft tables, as far as the part uses them. */
function fakeNetwork() {
  const routes = new Map<string, string>();
  const tables = new Set<string>();
  const network = { routes, tables, runs: [] as readonly FakeRun[], ownAddress: true };
  const ip = ({ argv, host }: FakeCall) => {
    const [, , , verb = "", destination = "", ...way] = argv;
    const batch = argv.includes("-batch") ? (host.files.text("/etc/slipway/pod-routes") ?? "") : "";
    for (const [, to = "", how = ""] of batch.matchAll(/^route replace (\S+) (.+) protocol 120$/gm))
      routes.set(to, how);
    if (verb === "replace") routes.set(destination, way.slice(0, -2).join(" "));
    if (verb === "del") routes.delete(destination);
    return "";
  };
  network.runs = [
    {
      argv: ["ip", "-j", "-4", "route", "show", "protocol", "120"],
      answer: () => JSON.stringify([...routes].map(([dst, way]) => ({ dst, ...fieldsOf(way), flags: [] }))),
    },
    {
      argv: ["ip", "-j", "addr", "show"],
      answer: ({ host }) => {
        const own = network.ownAddress ? addresses.get(host.host) : "192.0.2.1";
        return JSON.stringify([interfaceOf("lo", "127.0.0.1"), interfaceOf("eth0", own)]);
      },
    },
    { argv: ["ip"], answer: ip },
    {
      argv: ["nft", "list", "table"],
      answer: () =>
        tables.size === 0
          ? { exitCode: 1, stderr: "Error: No such file or directory" }
          : `table ip slipway-pods {\n\tchain postrouting {\n\t\t${[...tables].join("\n\t\t")}\n\t}\n}\n`,
    },
    {
      argv: ["nft", "-f"],
      answer: ({ host }) => {
        const rule = /^ {4}(ip saddr .*)$/m.exec(host.files.text("/etc/slipway/pod-masquerade.nft") ?? "")?.[1];
        tables.clear();
        if (rule !== undefined) tables.add(rule);
        return "";
      },
    },
  ];
  return network;
}

function world() {
  const kube = new FakeKube();
  const network = fakeNetwork();
  const linux = fakeLinux({ repository: { nftables: {} } });
  const hosts = fakeHosts({
    hosts: Object.fromEntries(nodes.map((name) => [name, { files: kube.files }])),
    base: { ...linux, runs: [kube.run, ...network.runs, ...(linux.runs ?? [])] },
  });
  const join = (name: string, podCIDR?: string) =>
    kube.put({ apiVersion: "v1", kind: "Node", metadata: { name }, spec: podCIDR === undefined ? {} : { podCIDR } });
  const joinAll = () => {
    for (const [index, name] of nodes.entries()) join(name, `10.244.${index}.0/24`);
  };
  const step = (kind: "bridge" | "routes", name: string): HostStep => {
    const found = bridgeSteps(spec).find((one) => one.id === networkStepId(kind, name as HostStep["on"]));
    if (found === undefined || found.on === "cluster") throw new Error(`there is no step ${kind} of ${name}`);
    return found as HostStep;
  };
  const check = (kind: "bridge" | "routes", name = "w-1") => step(kind, name).check(lookAt(hosts, name));
  const converge = async (kind: "bridge" | "routes", name = "w-1") => {
    const found = await check(kind, name);
    if (found.state === "needed") await step(kind, name).apply(actOn(hosts, name), found.found);
    return found;
  };
  return { kube, network, hosts, linux, join, joinAll, check, converge };
}

function changesOf(check: Check): readonly string[] {
  if (check.state !== "needed") throw new Error(`the check is ${check.state}: ${JSON.stringify(check)}`);
  return check.changes.map((one) => `${one.verb} ${one.what}`);
}

describe("the bridge network", () => {
  test("cannot be known before a node has its pod addresses", async () => {
    const { check, join } = world();
    expect(await check("bridge")).toMatchObject({ state: "unknown", until: "network.pod-range/w-1" });
    join("w-1");
    expect(await check("bridge")).toMatchObject({
      state: "unknown",
      because: expect.stringContaining("no pod addresses are given yet to w-1"),
    });
  });

  test("gives pods addresses of their node's own share", async () => {
    const { hosts, joinAll, check, converge } = world();
    joinAll();
    await converge("bridge");
    const conflist = JSON.parse(hosts.host("w-1").files.text("/etc/cni/net.d/10-slipway-bridge.conflist") ?? "");
    expect(conflist.plugins[0].ipam.ranges).toEqual([[{ subnet: "10.244.3.0/24" }]]);
    expect(conflist.plugins.map((one: { type: string }) => one.type)).toEqual(["bridge", "portmap"]);
    expect((await check("bridge")).state).toBe("satisfied");
  });

  test("names an edited plugin configuration", async () => {
    const { hosts, joinAll, converge } = world();
    joinAll();
    await converge("bridge");
    hosts.host("w-1").files.write("/etc/cni/net.d/10-slipway-bridge.conflist", "{}");
    expect(changesOf(await converge("bridge"))).toEqual(["update file /etc/cni/net.d/10-slipway-bridge.conflist"]);
  });

  test("waits with routes until all nodes have their addresses", async () => {
    const { join, check } = world();
    for (const name of nodes.slice(1)) join(name, "10.244.9.0/24");
    expect(await check("routes")).toMatchObject({ state: "unknown", because: expect.stringContaining("cp-1") });
  });

  test("leads to the pods of every other node, and once more after a restart", async () => {
    const { hosts, linux, network, joinAll, check, converge } = world();
    joinAll();
    await converge("routes");
    expect([...network.routes]).toEqual([
      ["10.244.0.0/24", "via 10.0.0.11"],
      ["10.244.1.0/24", "via 10.0.0.12"],
      ["10.244.2.0/24", "via 10.0.0.13"],
      ["10.244.4.0/24", "via 10.0.0.32"],
      ["10.96.0.0/12", "dev eth0 src 10.0.0.31"],
    ]);
    expect([...network.tables]).toEqual(["ip saddr 10.244.3.0/24 ip daddr != 10.244.0.0/16 masquerade"]);
    const unit = hosts.host("w-1").files.text("/etc/systemd/system/slipway-pod-network.service");
    expect(unit).toContain("ExecStart=/sbin/ip -force -batch /etc/slipway/pod-routes");
    expect(linux.unitsOf(hosts.host("w-1")).get("slipway-pod-network.service")).toMatchObject({ unitFile: "enabled" });
    expect((await check("routes")).state).toBe("satisfied");
  });

  test("names a route that was removed, one that leads elsewhere, and one to nobody, and leaves others' alone", async () => {
    const { network, joinAll, check, converge } = world();
    joinAll();
    await converge("routes");
    network.routes.delete("10.244.0.0/24");
    network.routes.set("10.244.1.0/24", "via 10.0.0.99");
    network.routes.set("10.244.77.0/24", "via 10.0.0.77");
    network.routes.set("10.96.0.0/12", "dev eth1 src 10.9.9.9");
    expect(changesOf(await converge("routes"))).toEqual([
      "delete route 10.244.77.0/24 via 10.0.0.77",
      "create route 10.244.0.0/24",
      "update route 10.244.1.0/24",
      "update route 10.96.0.0/12",
    ]);
    expect((await check("routes")).state).toBe("satisfied");
    expect(network.routes.size).toBe(5);
  });

  test("knows no way to Services where no interface has the host's own address", async () => {
    const { network, joinAll, converge } = world();
    joinAll();
    network.ownAddress = false;
    await converge("routes");
    expect(network.routes.has("10.96.0.0/12")).toBe(false);
    expect(network.routes.size).toBe(4);
  });

  test("names a rule that was removed", async () => {
    const { network, joinAll, check, converge } = world();
    joinAll();
    await converge("routes");
    network.tables.clear();
    expect(changesOf(await converge("routes"))).toEqual(["create nftables table ip slipway-pods"]);
    expect((await check("routes")).state).toBe("satisfied");
  });

  test("waits for the addresses of nodes that have just joined", async () => {
    const { hosts, join, joinAll } = world();
    const steps = podRangesSteps(spec, (host) => `join/${host.name}` as StepId);
    const [all, own] = ["network.pod-ranges", "network.pod-range/w-1"].map((id) => steps.find((one) => one.id === id));
    if (all === undefined || own === undefined) throw new Error("there are no such steps");
    join("w-1");
    const found = await all.check(lookAt(hosts, "cp-1"));
    expect(changesOf(found)).toEqual(["run wait for the pod addresses of cp-1, cp-2, cp-3, w-1, w-2"]);
    expect(await all.verify[0].holds(lookAt(hosts, "cp-1"))).toMatchObject({ state: "not-yet" });
    expect(changesOf(await own.check(lookAt(hosts, "cp-1")))).toEqual(["run wait for the pod addresses of w-1"]);
    joinAll();
    expect(await all.verify[0].holds(lookAt(hosts, "cp-1"))).toEqual({ state: "met" });
    for (const step of [all, own])
      expect(await step.check(lookAt(hosts, "cp-1"))).toMatchObject({ state: "satisfied" });
  });

  test("is configured on a node as soon as that one has joined", () => {
    const after = new Map<StepId, readonly StepId[]>(
      networkSteps(spec, { joined: (host) => `join/${host.name}` as StepId }).map((step) => [step.id, step.after]),
    );
    expect(after.get(networkStepId("bridge", "w-1" as HostName))).toEqual(["network.pod-range/w-1"]);
    expect(after.get("network.pod-range/w-1" as StepId)).toEqual(["network.kind", "join/w-1"]);
    expect(after.get(networkStepId("routes", "w-1" as HostName))).toEqual(["network.pod-ranges"]);
  });

  test("is refused where another plugin carries the pods already, and the other way round", async () => {
    const { kube, hosts } = world();
    const check = (plugin: ClusterSpec["network"]["plugin"]) =>
      keptPluginStep({ ...spec, network: { ...spec.network, plugin } }).check(lookAt(hosts, "cp-1"));
    const flannel = { kind: "flannel", version: "0.28.8", backend: "vxlan" } as const;
    expect(await check({ kind: "bridge" })).toMatchObject({ state: "satisfied" });
    hosts.host("cp-2").files.write("/etc/cni/net.d/10-slipway-bridge.conflist", "{}");
    expect(await check(flannel)).toMatchObject({
      state: "refused",
      problem: {
        code: "kubernetes/fixed-setting-changed",
        because: "bridge is there, and all pods have addresses of it",
      },
    });
    hosts.host("cp-2").files.remove("/etc/cni/net.d/10-slipway-bridge.conflist", false);
    const metadata = { name: "kube-flannel-ds", namespace: "kube-flannel" };
    kube.put({ apiVersion: "apps/v1", kind: "DaemonSet", metadata });
    expect(await check(flannel)).toMatchObject({ state: "satisfied" });
    expect(await check({ kind: "bridge" })).toMatchObject({ state: "refused" });
  });
});
