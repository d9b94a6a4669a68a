import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import type { KubeletSpec } from "../../spec/kubernetes-spec.ts";

type Configuration = Readonly<Record<string, unknown>>;

/**
 * Slipway's own defaults where the cluster file says nothing: those of kubeasz's production settings. Image collection
 * starts below the eviction threshold of imagefs, or pods would be evicted for images nobody uses.
 */
const defaults = {
  evictionHard: {
    "memory.available": "500Mi",
    "nodefs.available": "10%",
    "nodefs.inodesFree": "5%",
    "imagefs.available": "15%",
    "imagefs.inodesFree": "5%",
  },
  podPidsLimit: 4096,
  containerLogMaxSize: "50Mi",
  containerLogMaxFiles: 5,
  maxParallelImagePulls: 5,
  shutdownGracePeriodSeconds: 30,
  shutdownGracePeriodCriticalPodsSeconds: 10,
  imageGcHighThresholdPercent: 80,
  imageGcLowThresholdPercent: 70,
} as const;

/** What the cluster file says of a host's kubelet: what its pool has of its own wins, field by field. */
export function kubeletSpecOf(spec: ClusterSpec, host: HostSpec): KubeletSpec {
  const pool = host.roles.includes("worker") ? (spec.pools[host.pool] ?? {}) : {};
  const { kubelet } = spec.kubernetes;
  return {
    ...kubelet,
    ...pool,
    evictionHard: { ...kubelet.evictionHard, ...pool.evictionHard },
    extraConfig: { ...kubelet.extraConfig, ...pool.extraConfig },
  };
}

/** Fields of KubeletConfiguration that follow from the cluster file alone. `extraConfig` is not among them. */
export function kubeletSettings(kubelet: KubeletSpec, maxPodsPerNode: number): Configuration {
  return {
    maxPods: kubelet.maxPods ?? maxPodsPerNode,
    // kubelet takes a threshold that is not named as none at all.
    evictionHard: { ...defaults.evictionHard, ...kubelet.evictionHard },
    podPidsLimit: kubelet.podPidsLimit ?? defaults.podPidsLimit,
    containerLogMaxSize: kubelet.containerLogMaxSize ?? defaults.containerLogMaxSize,
    containerLogMaxFiles: kubelet.containerLogMaxFiles ?? defaults.containerLogMaxFiles,
    // More than one at a time needs both.
    serializeImagePulls: (kubelet.maxParallelImagePulls ?? defaults.maxParallelImagePulls) === 1,
    maxParallelImagePulls: kubelet.maxParallelImagePulls ?? defaults.maxParallelImagePulls,
    shutdownGracePeriod: seconds(kubelet.shutdownGracePeriodSeconds ?? defaults.shutdownGracePeriodSeconds),
    shutdownGracePeriodCriticalPods: seconds(criticalSeconds(kubelet)),
    imageGCHighThresholdPercent: kubelet.imageGcHighThresholdPercent ?? defaults.imageGcHighThresholdPercent,
    imageGCLowThresholdPercent: kubelet.imageGcLowThresholdPercent ?? defaults.imageGcLowThresholdPercent,
  };
}

/** kubelet refuses more for critical pods than there is for all. */
function criticalSeconds(kubelet: KubeletSpec): number {
  const all = kubelet.shutdownGracePeriodSeconds ?? defaults.shutdownGracePeriodSeconds;
  return (
    kubelet.shutdownGracePeriodCriticalPodsSeconds ?? Math.min(all, defaults.shutdownGracePeriodCriticalPodsSeconds)
  );
}

/** As Go prints a duration, and so as kubelet's file has it after kubeadm wrote it: "1m30s". */
function seconds(count: number): string {
  const [hours, minutes, rest] = [Math.floor(count / 3600), Math.floor(count / 60) % 60, count % 60];
  const parts = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : "";
  return `${parts}${rest}s`;
}
