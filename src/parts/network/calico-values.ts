import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { NetworkPluginSpec, NetworkSpec } from "../../spec/cluster-spec.ts";
import type { KubeProxyMode } from "./kube-proxy-mode.ts";

type CalicoSpec = Extract<NetworkPluginSpec, { kind: "calico" }>;

/**
 * Values of the chart tigera-operator. The data plane is kube-proxy's: Calico with nftables needs kube-proxy in that mode,
 * and with iptables one of the others.
 * https://docs.tigera.io/calico/latest/reference/installation/api (2026-11-21)
 */
export function calicoValues(
  network: NetworkSpec,
  plugin: CalicoSpec,
  proxyMode: KubeProxyMode,
): Readonly<Record<string, unknown>> {
  return {
    installation: {
      enabled: true,
      cni: { type: "Calico", ipam: { type: "Calico" } },
      // For policies of the application layer alone; it would be one more image on every node.
      flexVolumePath: "None",
      calicoNetwork: {
        // The address the cluster file gives the node. The first that is found may be another interface's.
        [network.podCidr.includes(":") ? "nodeAddressAutodetectionV6" : "nodeAddressAutodetectionV4"]: {
          kubernetes: "NodeInternalIP",
        },
        bgp: plugin.bgp ? "Enabled" : "Disabled",
        linuxDataplane: proxyMode === "nftables" ? "Nftables" : "Iptables",
        hostPorts: "Enabled",
        ipPools: [
          {
            cidr: network.podCidr,
            encapsulation: plugin.encapsulation,
            natOutgoing: "Enabled",
            nodeSelector: "all()",
            blockSize: network.podCidr.includes(":") ? 122 : 26,
          },
        ],
      },
    },
    // BGP peers are objects of the API it serves.
    apiServer: { enabled: true },
    goldmane: { enabled: false },
    whisker: { enabled: false },
    manageCRDs: true,
  };
}

/** https://docs.tigera.io/calico/latest/reference/resources/bgppeer (2026-11-21) */
export function calicoPeers({ peers }: CalicoSpec): readonly KubeObject[] {
  return peers.map(({ address, asNumber }) => ({
    apiVersion: "projectcalico.org/v3",
    kind: "BGPPeer",
    metadata: { name: `peer-${address.replace(/[^0-9a-f]+/g, "-")}` },
    spec: { peerIP: address, asNumber },
  }));
}
