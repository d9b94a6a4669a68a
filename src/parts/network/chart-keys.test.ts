import { describe, expect, test } from "vitest";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { calicoValues } from "./calico-values.ts";
import { ciliumValues } from "./cilium-values.ts";

/**
 * Types of the keys, as values.schema.json of the chart has them: cilium-1.20.0.tgz of
 * https://github.com/cilium/charts (2026-11-21). Helm refuses others; keys it does not know it ignores, so that a renamed
 * one would be lost without a word.
 */
const ciliumKeys: Readonly<Record<string, readonly string[]>> = {
  autoDirectNodeRoutes: ["boolean", "string"],
  "certgen.image.useDigest": ["boolean"],
  "cluster.name": ["string"],
  "encryption.enabled": ["boolean"],
  "encryption.type": ["string"],
  "envoy.image.useDigest": ["boolean"],
  "hubble.enabled": ["boolean"],
  "hubble.relay.enabled": ["boolean"],
  "hubble.relay.image.useDigest": ["boolean"],
  "hubble.tls.auto.enabled": ["boolean"],
  "hubble.tls.auto.method": ["string"],
  "image.useDigest": ["boolean"],
  "ipam.mode": ["string"],
  "ipam.operator.clusterPoolIPv4MaskSize": ["number"],
  "ipam.operator.clusterPoolIPv4PodCIDRList": ["array", "string"],
  "ipam.operator.clusterPoolIPv6MaskSize": ["number"],
  "ipam.operator.clusterPoolIPv6PodCIDRList": ["array", "string"],
  "ipv4.enabled": ["boolean"],
  ipv4NativeRoutingCIDR: ["string"],
  "ipv6.enabled": ["boolean"],
  ipv6NativeRoutingCIDR: ["string"],
  k8sServiceHost: ["string"],
  k8sServicePort: ["string", "number"],
  kubeProxyReplacement: ["string", "boolean"],
  "operator.image.useDigest": ["boolean"],
  "operator.replicas": ["number"],
  rollOutCiliumPods: ["boolean"],
  routingMode: ["string"],
  tunnelProtocol: ["string"],
};

/**
 * values.yaml of charts/tigera-operator, and below `installation` the fields of the operator's InstallationSpec:
 * https://github.com/projectcalico/calico/tree/v3.32.1/charts/tigera-operator,
 * https://github.com/tigera/operator/blob/v1.42.3/api/v1/installation_types.go (2026-11-21).
 */
const calicoKeys: Readonly<Record<string, readonly string[]>> = {
  "apiServer.enabled": ["boolean"],
  "goldmane.enabled": ["boolean"],
  "installation.calicoNetwork.bgp": ["string"],
  "installation.calicoNetwork.hostPorts": ["string"],
  "installation.calicoNetwork.ipPools": ["array"],
  "installation.calicoNetwork.linuxDataplane": ["string"],
  "installation.calicoNetwork.nodeAddressAutodetectionV4.kubernetes": ["string"],
  "installation.calicoNetwork.nodeAddressAutodetectionV6.kubernetes": ["string"],
  "installation.cni.ipam.type": ["string"],
  "installation.cni.type": ["string"],
  "installation.enabled": ["boolean"],
  "installation.flexVolumePath": ["string"],
  manageCRDs: ["boolean"],
  "whisker.enabled": ["boolean"],
};

const spec = sampleSpec();
const six: ClusterSpec = { ...spec, network: { ...spec.network, podCidr: "fd00:10:244::/56", nodePrefix: 64 } };
const bundled: ClusterSpec = { ...spec, artifacts: { ...spec.artifacts, bundle: "/srv/a.tar" } };
const cilium = {
  kind: "cilium",
  version: "1.20.0",
  kubeProxyReplacement: true,
  hubble: true,
  encryption: "wireguard",
  routing: "tunnel",
} as const;
const calico = { kind: "calico", version: "3.32.1", encapsulation: "VXLAN", bgp: false, peers: [] } as const;

function leaves(value: unknown, path = ""): readonly (readonly [string, string])[] {
  if (Array.isArray(value)) return [[path, "array"]];
  if (typeof value !== "object" || value === null) return [[path, typeof value]];
  return Object.entries(value).flatMap(([name, one]) => leaves(one, path === "" ? name : `${path}.${name}`));
}

function unknownTo(keys: Readonly<Record<string, readonly string[]>>, all: readonly unknown[]): readonly string[] {
  return all
    .flatMap((values) => leaves(values))
    .flatMap(([path, type]) => (keys[path]?.includes(type) === true ? [] : [`${path}: ${type}`]));
}

describe("the values we set", () => {
  const native = { ...cilium, routing: "native" } as const;
  const ofCilium = [
    ciliumValues(spec, cilium),
    ciliumValues(bundled, cilium),
    ciliumValues(spec, { ...native, encryption: "none", hubble: false }),
    ciliumValues(six, native),
  ];
  const ofCalico = [calicoValues(spec.network, calico, "nftables"), calicoValues(six.network, calico, "iptables")];

  test("are keys of Cilium's chart, of the types it takes", () => {
    expect(unknownTo(ciliumKeys, ofCilium)).toEqual([]);
  });

  test("are keys of Calico's chart and its operator, of the types they take", () => {
    expect(unknownTo(calicoKeys, ofCalico)).toEqual([]);
  });

  test("are all the keys that were compared", () => {
    const set = new Set([...ofCilium, ...ofCalico].flatMap((values) => leaves(values)).map(([path]) => path));
    expect([...Object.keys(ciliumKeys), ...Object.keys(calicoKeys)].filter((key) => !set.has(key))).toEqual([]);
  });
});
