import type { ClusterSpec } from "../spec/cluster-spec.ts";

/**
 * References of the images a network plugin's pods run; empty for the bridge, which has no pods. Of Calico and Cilium
 * those that have the version of the plugin: images with a version of their own (Calico's operator, Cilium's Envoy and
 * certgen) are named in the chart alone.
 */
export function networkPluginImages({ network }: Pick<ClusterSpec, "network">): readonly string[] {
  const { plugin } = network;
  switch (plugin.kind) {
    case "bridge":
      return [];
    case "flannel": {
      const { daemon, cniPlugin } = flannelImages(plugin.version);
      return [daemon, cniPlugin];
    }
    case "calico": {
      // https://docs.tigera.io/calico/latest/operations/image-options/alternate-registry (2026-11-21)
      const names = ["node", "cni", "typha", "kube-controllers", "apiserver"];
      return names.map((name) => `quay.io/calico/${name}:v${plugin.version}`);
    }
    case "cilium": {
      const names = ["cilium", "operator-generic", ...(plugin.hubble ? ["hubble-relay"] : [])];
      return names.map((name) => `quay.io/cilium/${name}:v${plugin.version}`);
    }
  }
}

/**
 * Release of flannel-io/cni-plugin that goes with Flannel 0.28.8:
 * https://github.com/flannel-io/flannel/blob/v0.28.8/Documentation/kube-flannel.yml (2026-11-21)
 */
const flannelCniPlugin = "v1.9.1-flannel2";

/** Flannel's images, for a version without a "v". */
export function flannelImages(version: string): { readonly daemon: string; readonly cniPlugin: string } {
  return {
    daemon: `ghcr.io/flannel-io/flannel:v${version}`,
    cniPlugin: `ghcr.io/flannel-io/flannel-cni-plugin:${flannelCniPlugin}`,
  };
}
