/** How big a host is, as far as what is kept of it for itself goes. */
export interface HostSize {
  readonly processors: number;
  readonly memoryBytes: number;
  /** Of the file system kubelet keeps its own files on. */
  readonly kubeletDiskBytes: number;
}

/** Kubernetes quantities by resource name. */
export interface ReservedResources {
  readonly cpu: string;
  readonly memory: string;
  readonly "ephemeral-storage": string;
}

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

/** The share that is kept of each part of the memory, and how much memory that part is. */
const memoryShares: readonly (readonly [upToBytes: number, share: number])[] = [
  [4 * gibibyte, 0.25],
  [8 * gibibyte, 0.2],
  [16 * gibibyte, 0.1],
  [128 * gibibyte, 0.06],
  [Number.POSITIVE_INFINITY, 0.02],
];
const memoryOfSmallHostBytes = 255 * mebibyte;

/** The same for processors. */
const processorShares: readonly (readonly [upTo: number, share: number])[] = [
  [1, 0.06],
  [2, 0.01],
  [4, 0.005],
  [Number.POSITIVE_INFINITY, 0.0025],
];

/** A twentieth of the disk, at most 5 GiB: our own choice, from where kubeasz's production settings are. */
const diskShare = 0.05;
const mostDiskBytes = 5 * gibibyte;

/**
 * What is kept of a host for kubelet with containerd, and as much again for the operating system: half each of what Google
 * Kubernetes Engine keeps for both, by its published table
 * (https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes, 2026-11-21): of memory 25 % of the first
 * 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next 112 and 2 % above, or 255 MiB below 1 GiB; of processors
 * 6 % of the first, 1 % of the second, 0.5 % of the next two and 0.25 % above.
 *
 * Sizes are rounded up to a quarter of a GiB first: what a kernel update makes of them must not change a kubelet's
 * configuration.
 */
export function reservedBySize(size: HostSize): ReservedResources {
  const memoryBytes = roundedUp(size.memoryBytes, gibibyte / 4);
  const memory = memoryBytes < gibibyte ? memoryOfSmallHostBytes : shared(memoryBytes, memoryShares);
  const millicores = shared(size.processors, processorShares) * 1000;
  const disk = Math.min(mostDiskBytes, roundedUp(size.kubeletDiskBytes, gibibyte) * diskShare);
  return {
    // Shares are added up in binary fractions: 80.00000000000001 is 80.
    cpu: `${Math.ceil(millicores / 2 - 1e-6)}m`,
    memory: `${Math.ceil(memory / 2 / mebibyte)}Mi`,
    "ephemeral-storage": `${Math.floor(disk / mebibyte)}Mi`,
  };
}

function shared(whole: number, shares: readonly (readonly [number, number])[]): number {
  let below = 0;
  let sum = 0;
  for (const [upTo, share] of shares) {
    sum += Math.max(0, Math.min(whole, upTo) - below) * share;
    below = upTo;
  }
  return sum;
}

function roundedUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
