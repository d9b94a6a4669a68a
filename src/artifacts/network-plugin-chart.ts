import type { ClusterSpec } from "../spec/cluster-spec.ts";

/** Helm that renders charts: https://github.com/helm/helm/releases/tag/v4.2.3 (2026-11-21). */
export const helmVersion = "v4.2.3";

/** A chart, by the name and version its project gives it. */
export interface Chart {
  readonly name: string;
  readonly version: string;
}

/** The chart a network plugin comes in; undefined for those that need none. */
export function networkPluginChart({ network }: Pick<ClusterSpec, "network">): Chart | undefined {
  const { plugin } = network;
  switch (plugin.kind) {
    case "bridge":
    case "flannel":
      return undefined;
    case "calico":
      return { name: "tigera-operator", version: `v${plugin.version}` };
    case "cilium":
      return { name: "cilium", version: plugin.version };
  }
}
