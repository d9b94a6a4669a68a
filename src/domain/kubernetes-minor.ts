/** The minor version in a version of Kubernetes 1 ("1.36.2", with or without a "v"): 36. 0 for any other text. */
export function kubernetesMinor(version: string): number {
  return Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? 0);
}
