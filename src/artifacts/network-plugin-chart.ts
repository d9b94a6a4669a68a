import type { ClusterSpec } from "../spec/cluster-spec.ts";
import { type ChartValues, chartValues } from "./chart-values.ts";
import { fileNames } from "./file-names.ts";

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

/**
 * The values of the network plugin's chart, which name images nothing else names; undefined where it comes in none, or
 * `bytesOf` has none of that logical name. Throws `artifact/archive-unreadable`.
 */
export function networkPluginValues(
  spec: Pick<ClusterSpec, "network">,
  bytesOf: (chart: string) => Buffer | undefined,
): ChartValues | undefined {
  const name = networkPluginChartFile(spec);
  const bytes = name === undefined ? undefined : bytesOf(name);
  return bytes === undefined ? undefined : chartValues(bytes, `the chart ${name}`);
}

/** Logical name of the network plugin's chart. */
export function networkPluginChartFile(spec: Pick<ClusterSpec, "network">): string | undefined {
  const chart = networkPluginChart(spec);
  return chart === undefined ? undefined : fileNames.chart(chart.name, chart.version);
}
