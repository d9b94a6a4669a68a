import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { resolvePlugin } from "../../spec/network-plugin.ts";
import { kubeProxyStep } from "./kube-proxy-step.ts";

const conntrack = "/proc/sys/net/netfilter/nf_conntrack_max";
const cilium = resolvePlugin({ kind: "cilium" });

interface Script {
  readonly kernels?: Readonly<Record<string, string>>;
  readonly readOnly?: boolean;
  readonly spec?: ClusterSpec;
}

function world({ kernels = {}, readOnly = false, spec = sampleSpec() }: Script = {}) {
  const kube = new FakeKube();
  const names = spec.hosts.filter((host) => !host.roles.includes("load-balancer")).map((host) => host.name);
  const hosts = fakeHosts({
    hosts: Object.fromEntries(
      names.map((name) => {
        const kernel = kernels[name] ?? "6.1.0-28-amd64";
        const files = { ...kube.files, [conntrack]: { content: "", mode: readOnly ? 0o444 : 0o644 } };
        return [name, { files, runs: [kube.run, { argv: ["uname"], answer: `${kernel} x86_64\n` }] }];
      }),
    ),
  });
  const step = (declared = spec) => kubeProxyStep(declared);
  const check = (declared = spec) => step(declared).check(lookAt(hosts, "cp-1"));
  const converge = async (declared = spec) => {
    const found = await check(declared);
    if (found.state === "needed") await step(declared).apply(actOn(hosts, "cp-1"), found.found);
    return found;
  };
  const reference = { apiVersion: "v1", kind: "ConfigMap", name: "kube-proxy", namespace: "kube-system" };
  const configuration = () => {
    const data = kube.get(reference)?.data as Readonly<Record<string, string>> | undefined;
    return parse(data?.["config.conf"] ?? "") as Readonly<Record<string, unknown>> | null;
  };
  return { kube, hosts, check, converge, configuration };
}

describe("kube-proxy", () => {
  test("uses nftables where every node's kernel has what it needs", async () => {
    const { converge, configuration } = world();
    await converge();
    expect(configuration()).toMatchObject({ mode: "nftables", clusterCIDR: "10.244.0.0/16" });
    expect(configuration()).not.toHaveProperty("conntrack");
  });

  test("uses iptables as soon as one node's kernel is too old", async () => {
    const { converge, configuration } = world({ kernels: { "w-2": "5.10.0-30-amd64" } });
    await converge();
    expect(configuration()).toMatchObject({ mode: "iptables" });
  });

  test("keeps its mode when the host with the old kernel cannot be reached", async () => {
    const { kube, hosts, converge, configuration, check } = world({ kernels: { "w-2": "5.10.0-30-amd64" } });
    const status = { nodeInfo: { kernelVersion: "5.10.0-30-amd64" } };
    kube.put({ apiVersion: "v1", kind: "Node", metadata: { name: "w-2" }, status });
    await converge();
    hosts.host("w-2").unreachable = true;
    expect(await check()).toMatchObject({ state: "satisfied" });
    expect(configuration()).toMatchObject({ mode: "iptables" });
  });

  test("leaves the table of connections alone where the host may not size it", async () => {
    const { converge, configuration } = world({ readOnly: true });
    await converge();
    expect(configuration()).toMatchObject({ conntrack: { maxPerCore: 0 } });
  });

  test("reaches the API at the cluster's endpoint, not at the Service it carries itself", async () => {
    const { kube, converge } = world();
    await converge();
    const config = kube.get({ apiVersion: "v1", kind: "ConfigMap", name: "kube-proxy", namespace: "kube-system" });
    expect(JSON.stringify(config?.data)).toContain("https://10.0.0.10:6443");
  });

  test("is removed where the network plugin carries Services", async () => {
    const { kube, converge } = world();
    await converge();
    const own = sampleSpec();
    const found = await converge({ ...own, network: { ...own.network, plugin: cilium } });
    expect(found.state === "needed" && found.changes.map((one) => `${one.verb} ${one.what}`)).toEqual([
      "delete ServiceAccount kube-system/kube-proxy",
      "delete ConfigMap kube-system/kube-proxy",
      "delete ClusterRoleBinding kubeadm:node-proxier",
      "delete DaemonSet kube-system/kube-proxy",
    ]);
    expect(kube.get({ apiVersion: "apps/v1", kind: "DaemonSet", name: "kube-proxy", namespace: "kube-system" })).toBe(
      undefined,
    );
  });

  test("gets new pods when its configuration changes", async () => {
    const { kube, converge } = world();
    const digest = () => {
      const daemonSet = kube.get({
        apiVersion: "apps/v1",
        kind: "DaemonSet",
        name: "kube-proxy",
        namespace: "kube-system",
      });
      return JSON.stringify(daemonSet?.spec).match(/"slipway\.dev\/configuration":"(\w+)"/)?.[1];
    };
    await converge();
    const before = digest();
    const own = sampleSpec();
    await converge({ ...own, kubernetes: { ...own.kubernetes, proxy: { mode: "ipvs" } } });
    expect(before).toMatch(/^\w{16}$/);
    expect(digest()).not.toBe(before);
  });
});
