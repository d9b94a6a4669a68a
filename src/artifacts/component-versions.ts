import { pauseVersion } from "../domain/pause-version.ts";
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

/** The same for all: network plugins and add-ons are not tied to a minor version. */
const common = { cniPlugins: "v1.9.1", nodeCache: "1.26.7", metricsServer: "v0.8.0" } as const;

/**
 * By minor version. 1.36: `CoreDNSVersion` and `SupportedEtcdVersion` of
 * cmd/kubeadm/app/constants/constants.go, plugins "cni" of build/dependencies.yaml, node cache
 * cluster/addons/dns/nodelocaldns, all at v1.36.2; the others as `kubeadm config images list` of v1.35.0 and v1.34.2
 * prints them (1.34.0 and 1.34.1 had etcd 3.6.4-0). metrics-server: https://github.com/kubernetes-sigs/metrics-server
 * ("Compatibility Matrix": 0.8 for 1.31 and later). (2026-11-21)
 */
const byMinor: Readonly<Record<string, Omit<ComponentVersions, "pause">>> = {
  "1.34": { ...common, coreDns: "v1.12.1", etcd: "3.6.5-0" },
  "1.35": { ...common, coreDns: "v1.13.1", etcd: "3.6.6-0" },
  "1.36": { ...common, coreDns: "v1.14.2", etcd: "3.6.8-0" },
};

/** Versions of what belongs to a Kubernetes version ("1.36.2"). Throws `artifact/unknown-kubernetes`. */
export function componentVersions(kubernetesVersion: string): ComponentVersions {
  const minor = kubernetesVersion.split(".").slice(0, 2).join(".");
  const found = byMinor[minor];
  if (found !== undefined) return { ...found, pause: pauseVersion(kubernetesVersion) };
  throw new ProblemError({
    code: "artifact/unknown-kubernetes",
    severity: "error",
    message: `it is not known which images belong to Kubernetes ${kubernetesVersion}`,
    because: `this Slipway knows those of ${Object.keys(byMinor).join(", ")}`,
    hint: { text: "Set kubernetes.version to a version this Slipway knows" },
  });
}
