import { kubernetesMinor } from "./kubernetes-minor.ts";

/**
 * "Kubernetes v1.35 is the last release to support containerd 1.x":
 * https://kubernetes.io/blog/2025/12/17/kubernetes-v1-35-release/ (2026-11-21)
 */
const lastMinorWithContainerd1 = 35;

/** Whether a version of Kubernetes ("1.36.2", with or without a "v") no longer runs with containerd 1. */
export function needsContainerd2(kubernetesVersion: string): boolean {
  return kubernetesMinor(kubernetesVersion) > lastMinorWithContainerd1;
}
