import type { ClusterSpec, HostSpec } from "../spec/cluster-spec.ts";
import { isNode, replacesKubeProxy } from "../spec/hosts-by-role.ts";
import type { Architecture } from "./architecture.ts";
import type { ChartValues } from "./chart-values.ts";
import { componentVersions } from "./component-versions.ts";
import { fileNames, kubernetesPrograms } from "./file-names.ts";
import { kubernetesImages } from "./kubernetes-images.ts";
import { helmVersion, networkPluginChartFile } from "./network-plugin-chart.ts";
import { networkPluginImages } from "./network-plugin-images.ts";

/** A host as far as it decides what it needs. */
export interface Machine {
  readonly host: HostSpec;
  /** Name of its row in the table of distributions: "debian-12". */
  readonly distribution: string;
  readonly architecture: Architecture;
}

/** What one host needs beside the packages of its distribution. */
export interface NeededArtifacts {
  /** Logical names. */
  readonly files: readonly string[];
  /** References. */
  readonly images: readonly string[];
}

/**
 * Files and images a host needs for its roles. A load balancer or etcd host needs none of Kubernetes. `chart`: the values
 * of the network plugin's chart, where it is at hand; images that it alone names are left out otherwise.
 */
export function neededArtifacts(
  spec: ClusterSpec,
  machine: Omit<Machine, "distribution">,
  chart?: ChartValues,
): NeededArtifacts {
  return { files: neededFiles(spec, machine), images: neededImages(spec, machine.host, chart) };
}

function neededFiles(spec: ClusterSpec, { host, architecture }: Omit<Machine, "distribution">): readonly string[] {
  const { kubernetes, runtime, etcd } = spec;
  const files: string[] = [];
  if (isNode(host)) {
    if (runtime.source.from === "release") files.push(fileNames.containerd(runtime.source.version, architecture));
    if (kubernetes.install === "binaries") {
      for (const program of kubernetesPrograms)
        files.push(fileNames.kubernetes(kubernetes.version, architecture, program));
      files.push(fileNames.cniPlugins(componentVersions(kubernetes.version).cniPlugins, architecture));
    }
  }
  if (host.roles.includes("control-plane")) {
    const chart = networkPluginChartFile(spec);
    if (chart !== undefined) files.push(fileNames.helm(helmVersion, architecture), chart);
  }
  const runsEtcd = etcd.topology === "external" && host.roles.includes("etcd");
  if (runsEtcd && etcd.source.from === "release") files.push(fileNames.etcd(etcd.source.version, architecture));
  return files;
}

/**
 * Control planes have the images of the control plane, every node those a pod of any node may need: what runs once may
 * run anywhere after a node is lost.
 */
function neededImages(spec: ClusterSpec, host: HostSpec, chart: ChartValues | undefined): readonly string[] {
  if (!isNode(host)) return [];
  const images = kubernetesImages(spec);
  const { addons, etcd, kubernetes, runtime } = spec;
  const all: string[] = [runtime.pauseImage];
  if (host.roles.includes("control-plane")) {
    all.push(images.kubeApiserver, images.kubeControllerManager, images.kubeScheduler, images.pause);
    if (etcd.topology === "stacked") all.push(images.etcd);
  }
  if (!replacesKubeProxy(spec) && kubernetes.proxy.mode !== "none") all.push(images.kubeProxy);
  all.push(...networkPluginImages(spec, chart), images.coreDns);
  if (addons.dns.nodeLocal) all.push(images.nodeCache);
  if (addons.metricsServer) all.push(images.metricsServer);
  return [...new Set(all)];
}
