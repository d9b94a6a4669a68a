/**
 * The release of containerd that is suggested where a cluster needs containerd 2 and its distribution has an older one; its
 * project publishes a digest beside it. https://github.com/containerd/containerd/releases/tag/v2.1.5 (2026-11-21)
 */
export const containerdRelease = "2.1.5";
