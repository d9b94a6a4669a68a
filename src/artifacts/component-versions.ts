import { ProblemError } from "../problems/problem.ts";

/** What goes with one version of Kubernetes. */
export interface ComponentVersions {
  /** Tag of the CoreDNS image. */
  readonly coreDns: string;
  /** Tag of the etcd image kubeadm runs where etcd is stacked. */
  readonly etcd: string;
  /** Tag of the pause image kubeadm looks for. */
  readonly pause: string;
  /** Release of containernetworking/plugins Kubernetes is tested with, with its "v". */
  readonly cniPlugins: string;
  /** Tag of NodeLocal DNSCache. */
  readonly nodeCache: string;
  /** Tag of metrics-server. */
  readonly metricsServer: string;
}

/**
 * By minor version. CoreDNS, etcd and pause: `CoreDNSVersion`, `SupportedEtcdVersion` and `PauseVersion` of
 * cmd/kubeadm/app/constants/constants.go; plugins: "cni" of build/dependencies.yaml; node cache:
 * cluster/addons/dns/nodelocaldns; all at v1.36.2. metrics-server: https://github.com/kubernetes-sigs/metrics-server
 * ("Compatibility Matrix": 0.8 for 1.31 and later). (2026-11-21)
 */
const byMinor: Readonly<Record<string, ComponentVersions>> = {
  "1.36": {
    coreDns: "v1.14.2",
    etcd: "3.6.8-0",
    pause: "3.10.2",
    cniPlugins: "v1.9.1",
    nodeCache: "1.26.7",
    metricsServer: "v0.8.0",
  },
};

/** Versions of what belongs to a Kubernetes version ("1.36.2"). Throws `artifact/unknown-kubernetes`. */
export function componentVersions(kubernetesVersion: string): ComponentVersions {
  const minor = kubernetesVersion.split(".").slice(0, 2).join(".");
  const found = byMinor[minor];
  if (found !== undefined) return found;
  throw new ProblemError({
    code: "artifact/unknown-kubernetes",
    severity: "error",
    message: `it is not known which images belong to Kubernetes ${kubernetesVersion}`,
    because: `this Slipway knows those of ${Object.keys(byMinor).join(", ")}`,
    hint: { text: "Set kubernetes.version to a version this Slipway knows" },
  });
}
