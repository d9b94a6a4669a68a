import { reservedBySize } from "../../domain/reserved-resources.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { podDnsAddress } from "../../spec/dns-addresses.ts";
import type { KubeletSpec } from "../../spec/kubernetes-spec.ts";
import type { KubeletHostFacts } from "./kubelet-host-facts.ts";
import { kubeletSettings, kubeletSpecOf } from "./kubelet-settings.ts";
import { mergePatch } from "./merge-patch.ts";

type Configuration = Readonly<Record<string, unknown>>;

/** Where systemd-resolved keeps the servers it asks; its own /etc/resolv.conf names an address only the host has. */
const resolvedPath = "/run/systemd/resolve/resolv.conf";

/**
 * KubeletConfiguration of the cluster, as it is in kubeadm.yaml and in the ConfigMap kubelet-config: what all nodes have
 * in common. What a host has of its own is `kubeletPatch`. protectKernelDefaults stays off: kubelet then sets the few
 * kernel parameters it needs itself instead of refusing to start.
 */
export function kubeletConfiguration(spec: ClusterSpec): Configuration {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    ...common(spec),
    ...kubeletSettings(spec.kubernetes.kubelet, spec.network.maxPodsPerNode),
    cgroupDriver: cgroupDriver(spec, 2),
    ...spec.kubernetes.kubelet.extraConfig,
  };
}

/** KubeletConfiguration as it is to be on one host. */
export function kubeletConfigurationOf(spec: ClusterSpec, host: HostSpec, facts: KubeletHostFacts): Configuration {
  const kubelet = kubeletSpecOf(spec, host);
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    ...common(spec),
    ...kubeletSettings(kubelet, spec.network.maxPodsPerNode),
    cgroupDriver: cgroupDriver(spec, facts.cgroupVersion),
    ...reservations(kubelet, facts),
    ...(facts.systemdResolved ? { resolvConf: resolvedPath } : {}),
    // Kubernetes 1.35 and newer refuse to start on cgroup v1 unless told so:
    // https://kubernetes.io/docs/concepts/architecture/cgroups/ (2026-11-21)
    ...(facts.cgroupVersion === 1 ? { failCgroupV1: false } : {}),
    ...kubelet.extraConfig,
  };
}

/**
 * The JSON merge patch (RFC 7386) that makes the cluster's configuration this host's: kubeadm applies it whenever it writes
 * the file, when the host joins and later.
 */
export function kubeletPatch(spec: ClusterSpec, host: HostSpec, facts: KubeletHostFacts): Configuration {
  return mergePatch(kubeletConfiguration(spec), kubeletConfigurationOf(spec, host, facts));
}

function common(spec: ClusterSpec): Configuration {
  return {
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: "/etc/kubernetes/pki/ca.crt" },
    },
    authorization: { mode: "Webhook" },
    clusterDNS: [podDnsAddress(spec)],
    clusterDomain: spec.network.dnsDomain,
    healthzBindAddress: "127.0.0.1",
    healthzPort: 10248,
    readOnlyPort: 0,
    rotateCertificates: true,
    seccompDefault: true,
    serverTLSBootstrap: true,
    staticPodPath: "/etc/kubernetes/manifests",
  };
}

/** As containerd's configuration chooses it. */
function cgroupDriver(spec: ClusterSpec, version: 1 | 2): "systemd" | "cgroupfs" {
  const { cgroupDriver: asked } = spec.runtime;
  if (asked !== "auto") return asked;
  return version === 1 ? "cgroupfs" : "systemd";
}

/** Resources that are named are kept as they are; the others by the size of the host. */
function reservations(kubelet: KubeletSpec, facts: KubeletHostFacts): Configuration {
  const bySize = reservedBySize(facts.size);
  const kept = (asked: KubeletSpec["kubeReserved"]) =>
    asked === undefined || asked === "auto" ? { ...bySize } : { ...bySize, ...asked };
  return { kubeReserved: kept(kubelet.kubeReserved), systemReserved: kept(kubelet.systemReserved) };
}
