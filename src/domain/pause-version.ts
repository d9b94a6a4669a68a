import { kubernetesMinor } from "./kubernetes-minor.ts";

/**
 * Tag of the pause image a version of Kubernetes ("1.36.2") is made for, by its minor version: `PauseVersion` of
 * cmd/kubeadm/app/constants/constants.go at v1.36.2; before that as `kubeadm config images list` of v1.35.0 and v1.34.2
 * prints it (2026-11-21). Versions that are not known get the nearest.
 */
export function pauseVersion(kubernetesVersion: string): string {
  return kubernetesMinor(kubernetesVersion) >= 36 ? "3.10.2" : "3.10.1";
}
