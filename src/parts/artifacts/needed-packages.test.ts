import { describe, expect, test } from "vitest";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import type { KubernetesSpec } from "../../spec/kubernetes-spec.ts";
import { resolvePlugin } from "../../spec/network-plugin.ts";
import { neededPackages } from "./needed-packages.ts";

const cilium = resolvePlugin({ kind: "cilium" });

function packagesOf(name: string, over: Partial<ClusterSpec> = {}, distribution = "debian-12") {
  const spec = sampleSpec(over);
  const host = spec.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(name);
  return neededPackages(spec, { host, distribution, architecture: "amd64" });
}
const withMode = (mode: KubernetesSpec["proxy"]["mode"]): Partial<ClusterSpec> => ({
  kubernetes: { ...sampleSpec().kubernetes, proxy: { ...sampleSpec().kubernetes.proxy, mode } },
  network: {
    ...sampleSpec().network,
    plugin: { kind: "flannel", version: "0.28.8", backend: "vxlan" },
  },
});

describe("the packages of a host", () => {
  test.each(["auto", "nftables"] as const)("have nft on nodes where kube-proxy's mode is %s", (mode) => {
    expect(packagesOf("w-1", withMode(mode))).toEqual(expect.arrayContaining(["conntrack", "nftables"]));
    expect(packagesOf("cp-1", withMode(mode), "rhel-9")).toEqual(
      expect.arrayContaining(["conntrack-tools", "nftables"]),
    );
    expect(packagesOf("lb-1", withMode(mode))).not.toContain("nftables");
  });

  test("have no nft where nothing uses it", () => {
    expect(packagesOf("w-1", withMode("iptables"))).not.toContain("nftables");
    expect(packagesOf("w-1", { network: { ...sampleSpec().network, plugin: cilium } })).not.toContain("nftables");
  });
});
