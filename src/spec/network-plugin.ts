import { canonicalAddress } from "../domain/addresses.ts";
import type { NetworkPluginSpec } from "./cluster-spec.ts";
import type { Sections } from "./schema/cluster-file-schema.ts";

/**
 * The version of each plugin that is installed when the file names none:
 * flannel: https://github.com/flannel-io/flannel/releases/tag/v0.28.8 (2026-07-22);
 * calico: https://github.com/projectcalico/calico/releases/tag/v3.32.4 (2026-11-11), whose line is tested with
 * Kubernetes 1.34 to 1.36 (https://docs.tigera.io/calico/3.32/getting-started/kubernetes/requirements);
 * cilium: https://github.com/cilium/cilium/releases/tag/v1.20.2 (2026-09), tested with Kubernetes 1.36
 * (https://github.com/cilium/cilium/pull/47846).
 */
export const pluginVersions = { flannel: "0.28.8", calico: "3.32.4", cilium: "1.20.2" } as const;

type PluginEntry = Sections["network"]["plugin"];

/** Fields of `spec.network.plugin` that belong to some kinds only. */
export const fieldsOfPlugin = {
  bridge: [],
  flannel: ["version", "backend"],
  calico: ["version", "encapsulation", "bgp", "peers"],
  cilium: ["version", "kubeProxyReplacement", "hubble", "encryption", "routing"],
} as const satisfies Readonly<Record<PluginEntry["kind"], readonly (keyof PluginEntry)[]>>;

/** The plugin with every field of its kind. Versions come out without a "v". */
export function resolvePlugin(entry: PluginEntry): NetworkPluginSpec {
  const version = entry.version?.replace(/^v/, "");
  switch (entry.kind) {
    case "bridge":
      return { kind: "bridge" };
    case "flannel":
      return { kind: "flannel", version: version ?? pluginVersions.flannel, backend: entry.backend ?? "vxlan" };
    case "calico":
      return {
        kind: "calico",
        version: version ?? pluginVersions.calico,
        encapsulation: entry.encapsulation ?? (entry.bgp === true ? "None" : "VXLAN"),
        bgp: entry.bgp ?? false,
        peers: (entry.peers ?? []).map((peer) => ({
          ...peer,
          address: canonicalAddress(peer.address) ?? peer.address,
        })),
      };
    case "cilium":
      return {
        kind: "cilium",
        version: version ?? pluginVersions.cilium,
        kubeProxyReplacement: entry.kubeProxyReplacement ?? true,
        hubble: entry.hubble ?? true,
        encryption: entry.encryption ?? "none",
        routing: entry.routing ?? "tunnel",
      };
  }
}
