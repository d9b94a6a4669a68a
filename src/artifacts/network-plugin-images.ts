import { ProblemError } from "../problems/problem.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import type { ChartValues } from "./chart-values.ts";

/**
 * References of the images a network plugin's pods run; empty for the bridge, which has no pods. `chart` are the values of
 * the plugin's chart: it alone names the images that have versions of their own (Calico's operator, Cilium's Envoy and
 * certgen). Without it only those of the plugin's own version are named. Throws `artifact/archive-unreadable` for a chart
 * that does not name them where it is known to.
 */
export function networkPluginImages(
  { network }: Pick<ClusterSpec, "network">,
  chart: ChartValues | undefined,
): readonly string[] {
  const { plugin } = network;
  switch (plugin.kind) {
    case "bridge":
      return [];
    case "flannel": {
      const { daemon, cniPlugin } = flannelImages(plugin.version);
      return [daemon, cniPlugin];
    }
    case "calico": {
      // What the operator of 3.32 runs with our values: no CSI driver, no flex volume, no Goldmane.
      // https://github.com/tigera/operator/blob/v1.42.3/pkg/components/calico.go (2026-11-21)
      const names = ["node", "cni", "typha", "kube-controllers", "apiserver"];
      const own = names.map((name) => `quay.io/calico/${name}:v${plugin.version}`);
      if (chart === undefined) return own;
      const [registry, image, tag] = ["registry", "image", "version"].map((name) =>
        textAt(chart, "tigeraOperator", name),
      );
      return [`${registry}/${image}:${tag}`, ...own];
    }
    case "cilium": {
      const { hubble, version } = plugin;
      if (chart === undefined) {
        const names = ["cilium", "operator-generic", ...(hubble ? ["hubble-relay"] : [])];
        return names.map((name) => `quay.io/cilium/${name}:v${version}`);
      }
      const paths = ciliumImagePaths.filter(({ of }) => of !== "hubble" || hubble);
      return paths.map(
        ({ path, suffix = "" }) => `${textAt(chart, ...path, "repository")}${suffix}:${textAt(chart, ...path, "tag")}`,
      );
    }
  }
}

/**
 * Where Cilium's chart has the images of what our values switch on, as 1.20.0 renders them
 * (https://github.com/cilium/charts/blob/master/cilium-1.20.0.tgz, 2026-11-21). The operator's image has another name on
 * each cloud.
 */
export const ciliumImagePaths: readonly {
  readonly path: readonly string[];
  readonly suffix?: string;
  /** Absent: always. */
  readonly of?: "hubble";
}[] = [
  { path: ["image"] },
  { path: ["operator", "image"], suffix: "-generic" },
  { path: ["envoy", "image"] },
  { path: ["hubble", "relay", "image"], of: "hubble" },
  { path: ["certgen", "image"], of: "hubble" },
];

/** An image that was left out would be missing on hosts that have no other way to it, and only there be noticed. */
function textAt(chart: ChartValues, ...path: readonly string[]): string {
  let found: unknown = chart;
  for (const name of path) found = (found as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  if (typeof found === "string" && found !== "") return found;
  throw new ProblemError({
    code: "artifact/archive-unreadable",
    severity: "error",
    message: "the network plugin's chart does not name its images where Slipway knows them",
    because: `its values have no ${path.join(".")}`,
    hint: { text: "set network.plugin.version to one this version of Slipway is made for" },
  });
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
