import type { HostLook } from "../../engine/step.ts";
import { cgroupVersion } from "../../facts/cgroup-version.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";

/** KubeletConfiguration of the cluster. */
export function kubeletDefaults(_spec: ClusterSpec): Readonly<Record<string, unknown>> {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    cgroupDriver: "systemd",
    serverTLSBootstrap: true,
  };
}

/** What of it is different on one host. */
export async function kubeletPatch(at: HostLook): Promise<Readonly<Record<string, unknown>>> {
  const version = await at.fact(cgroupVersion);
  return version === 1 ? { cgroupDriver: "cgroupfs", failCgroupV1: false } : {};
}
