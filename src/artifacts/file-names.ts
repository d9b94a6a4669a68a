import type { Architecture } from "./architecture.ts";

/** Programs of a Kubernetes release that hosts run outside containers. */
export const kubernetesPrograms = ["kubeadm", "kubelet", "kubectl"] as const;
export type KubernetesProgram = (typeof kubernetesPrograms)[number];

/**
 * Logical names of files: the same in every source, whatever its own layout. A name ends with the architecture for a
 * tarball as its project publishes it, and with the program for a single one.
 */
export const fileNames = {
  /** "kubernetes/v1.36.2/linux/amd64/kubelet" */
  kubernetes: (version: string, architecture: Architecture, program: KubernetesProgram): string =>
    `kubernetes/v${version}/linux/${architecture}/${program}`,
  /** `version` with its "v", as the project tags it. */
  cniPlugins: (version: string, architecture: Architecture): string => `cni-plugins/${version}/linux/${architecture}`,
  containerd: (version: string, architecture: Architecture): string => `containerd/${version}/linux/${architecture}`,
  etcd: (version: string, architecture: Architecture): string => `etcd/v${version}/linux/${architecture}`,
  /** `version` with its "v", as the project tags it. */
  helm: (version: string, architecture: Architecture): string => `helm/${version}/linux/${architecture}`,
  /** "charts/cilium/1.20.2": a chart as `helm package` makes it, with its version as the project writes it. */
  chart: (name: string, version: string): string => `charts/${name}/${version}`,
  /** All system packages of a distribution with their index, as one tar. */
  packages: (distribution: string, architecture: Architecture): string => `packages/${distribution}/${architecture}`,
} as const;
