import { ciliumImagePaths } from "../../artifacts/network-plugin-images.ts";
import type { ClusterSpec, NetworkPluginSpec } from "../../spec/cluster-spec.ts";
import { nodeHosts } from "../../spec/hosts-by-role.ts";

type CiliumSpec = Extract<NetworkPluginSpec, { kind: "cilium" }>;

/**
 * Values of the chart cilium. Agents reach the API at the cluster's endpoint, since the Service of the API is what they
 * carry. Certificates of Hubble are made in the cluster by a job: Helm would make others at every rendering.
 * https://docs.cilium.io/en/stable/helm-reference/ (2026-11-21)
 */
export function ciliumValues(spec: ClusterSpec, plugin: CiliumSpec): Readonly<Record<string, unknown>> {
  const { network, endpoint } = spec;
  const isIpv6 = network.podCidr.includes(":");
  const values = {
    // The longest the chart takes; it tells clusters of a mesh apart, and there is none.
    cluster: { name: spec.name.slice(0, 32).replace(/-+$/, "") },
    kubeProxyReplacement: plugin.kubeProxyReplacement,
    k8sServiceHost: endpoint.kind === "external" ? endpoint.name : endpoint.address,
    k8sServicePort: endpoint.port,
    ipv4: { enabled: !isIpv6 },
    ipv6: { enabled: isIpv6 },
    ipam: {
      mode: "cluster-pool",
      operator: isIpv6
        ? { clusterPoolIPv6PodCIDRList: [network.podCidr], clusterPoolIPv6MaskSize: network.nodePrefix }
        : { clusterPoolIPv4PodCIDRList: [network.podCidr], clusterPoolIPv4MaskSize: network.nodePrefix },
    },
    ...routing(plugin, network.podCidr),
    ...(plugin.encryption === "wireguard" ? { encryption: { enabled: true, type: "wireguard" } } : {}),
    hubble: plugin.hubble
      ? { enabled: true, relay: { enabled: true }, tls: { auto: { enabled: true, method: "cronJob" } } }
      : { enabled: false },
    operator: { replicas: Math.min(2, nodeHosts(spec).length) },
    rollOutCiliumPods: true,
  };
  return spec.artifacts.bundle === undefined ? values : byTag(values);
}

/**
 * Images by their tag alone. The chart names each by the digest of its list for all architectures; containerd has those of
 * a bundle, which are one architecture's, under their tag, and would go and ask the registry for the other name.
 */
function byTag(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const withTag = (tree: unknown, path: readonly string[]): Readonly<Record<string, unknown>> => {
    const own = (tree ?? {}) as Readonly<Record<string, unknown>>;
    const [name, ...rest] = path;
    return name === undefined ? { ...own, useDigest: false } : { ...own, [name]: withTag(own[name], rest) };
  };
  return ciliumImagePaths.reduce((tree, { path }) => withTag(tree, path), values);
}

/** Native routing needs all nodes on one segment; each then leads to the pods of the others by itself. */
function routing(plugin: CiliumSpec, podCidr: string): Readonly<Record<string, unknown>> {
  if (plugin.routing === "tunnel") return { routingMode: "tunnel", tunnelProtocol: "vxlan" };
  const range = podCidr.includes(":") ? { ipv6NativeRoutingCIDR: podCidr } : { ipv4NativeRoutingCIDR: podCidr };
  return { routingMode: "native", autoDirectNodeRoutes: true, ...range };
}
