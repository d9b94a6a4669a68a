import { describe, expect, test } from "vitest";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import { calicoPeers, calicoValues } from "./calico-values.ts";
import { ciliumValues } from "./cilium-values.ts";
import { flannelObjects } from "./flannel-objects.ts";

const spec = sampleSpec();
const calico = { kind: "calico", version: "3.32.4", encapsulation: "VXLAN", bgp: false, peers: [] } as const;
const cilium = {
  kind: "cilium",
  version: "1.20.2",
  kubeProxyReplacement: true,
  hubble: true,
  encryption: "wireguard",
  routing: "tunnel",
} as const;

describe("values of Calico's chart", () => {
  test("give the pods' addresses and their encapsulation", () => {
    expect(calicoValues(spec.network, calico, "nftables")).toEqual({
      installation: {
        enabled: true,
        cni: { type: "Calico", ipam: { type: "Calico" } },
        flexVolumePath: "None",
        calicoNetwork: {
          nodeAddressAutodetectionV4: { kubernetes: "NodeInternalIP" },
          bgp: "Disabled",
          linuxDataplane: "Nftables",
          hostPorts: "Enabled",
          ipPools: [
            {
              cidr: "10.244.0.0/16",
              encapsulation: "VXLAN",
              natOutgoing: "Enabled",
              nodeSelector: "all()",
              blockSize: 26,
            },
          ],
        },
      },
      apiServer: { enabled: true },
      goldmane: { enabled: false },
      whisker: { enabled: false },
      manageCRDs: true,
    });
  });

  test("take the data plane kube-proxy has", () => {
    const planeWith = (mode: "nftables" | "iptables" | "ipvs") =>
      JSON.stringify(calicoValues(spec.network, calico, mode)).match(/"linuxDataplane":"(\w+)"/)?.[1];
    expect([planeWith("nftables"), planeWith("iptables"), planeWith("ipvs")]).toEqual([
      "Nftables",
      "Iptables",
      "Iptables",
    ]);
  });

  test("come with an object for each BGP peer", () => {
    const peers = [
      { address: "10.0.0.1", asNumber: 64512 },
      { address: "fd00::1", asNumber: 64513 },
    ];
    expect(calicoPeers({ ...calico, bgp: true, peers })).toMatchObject([
      { kind: "BGPPeer", metadata: { name: "peer-10-0-0-1" }, spec: { peerIP: "10.0.0.1", asNumber: 64512 } },
      { kind: "BGPPeer", metadata: { name: "peer-fd00-1" }, spec: { peerIP: "fd00::1", asNumber: 64513 } },
    ]);
  });
});

describe("values of Cilium's chart", () => {
  test("lead agents to the API without the Service they carry themselves", () => {
    expect(ciliumValues(spec, cilium)).toEqual({
      cluster: { name: "demo" },
      kubeProxyReplacement: true,
      k8sServiceHost: "10.0.0.10",
      k8sServicePort: 6443,
      ipv4: { enabled: true },
      ipv6: { enabled: false },
      ipam: {
        mode: "cluster-pool",
        operator: { clusterPoolIPv4PodCIDRList: ["10.244.0.0/16"], clusterPoolIPv4MaskSize: 24 },
      },
      routingMode: "tunnel",
      tunnelProtocol: "vxlan",
      encryption: { enabled: true, type: "wireguard" },
      hubble: { enabled: true, relay: { enabled: true }, tls: { auto: { enabled: true, method: "cronJob" } } },
      operator: { replicas: 2 },
      rollOutCiliumPods: true,
    });
  });

  test("name images of a bundle as containerd has them, by their tags", () => {
    const bundled = { ...spec, artifacts: { ...spec.artifacts, bundle: "/srv/a.tar" } };
    expect(ciliumValues(bundled, cilium)).toMatchObject({
      image: { useDigest: false },
      operator: { replicas: 2, image: { useDigest: false } },
      envoy: { image: { useDigest: false } },
      hubble: { enabled: true, relay: { enabled: true, image: { useDigest: false } } },
      certgen: { image: { useDigest: false } },
    });
    expect(JSON.stringify(ciliumValues(spec, cilium))).not.toContain("useDigest");
  });

  test("name the cluster in no more than the 32 characters the chart takes", () => {
    expect(ciliumValues({ ...spec, name: "a-cluster-with-a-name-of-thirty-two-or-more" }, cilium)).toMatchObject({
      cluster: { name: "a-cluster-with-a-name-of-thirty" },
    });
  });

  test("for native routing name the addresses that are not translated", () => {
    expect(ciliumValues(spec, { ...cilium, routing: "native", encryption: "none", hubble: false })).toMatchObject({
      routingMode: "native",
      autoDirectNodeRoutes: true,
      ipv4NativeRoutingCIDR: "10.244.0.0/16",
      hubble: { enabled: false },
    });
  });
});

describe("Flannel", () => {
  const flannel = { kind: "flannel", version: "0.28.8", backend: "wireguard" } as const;
  const network = (podCidr: string) => ({ ...spec.network, podCidr });
  const configurationOf = (podCidr: string) => {
    const map = flannelObjects(network(podCidr), flannel).find((one) => one.kind === "ConfigMap");
    const data = map?.data as Readonly<Record<string, string>> | undefined;
    return JSON.parse(data?.["net-conf.json"] ?? "");
  };

  test("has the cluster's pod addresses and backend", () => {
    expect(configurationOf("10.244.0.0/16")).toEqual({
      Network: "10.244.0.0/16",
      EnableNFTables: false,
      Backend: { Type: "wireguard" },
    });
    expect(configurationOf("fd00:244::/48")).toMatchObject({ EnableIPv4: false, IPv6Network: "fd00:244::/48" });
  });

  test("runs the images of its version", () => {
    const text = JSON.stringify(flannelObjects(spec.network, flannel));
    expect(text).toContain("ghcr.io/flannel-io/flannel:v0.28.8");
  });
});
