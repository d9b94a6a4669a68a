import type { Cidr } from "./addresses.ts";
import { addressBits } from "./addresses.ts";

/**
 * How many nodes get a pod range of their own out of the pod CIDR: 2^(nodePrefix - podPrefix), and none when a node's
 * share would be larger than the whole.
 */
export function nodesInPodCidr(podCidr: Cidr, nodePrefix: number): number {
  return nodePrefix < podCidr.prefix ? 0 : 2 ** (nodePrefix - podCidr.prefix);
}

/**
 * How many pods a node's share has addresses for. Of an IPv4 share the network address, the broadcast address and the
 * node's own gateway address are not for pods; of an IPv6 share the first and the gateway.
 */
export function podAddressesPerNode(podCidr: Cidr, nodePrefix: number): number {
  const reserved = podCidr.family === 4 ? 3 : 2;
  return Math.max(0, 2 ** (addressBits(podCidr.family) - nodePrefix) - reserved);
}

/** The longest node prefix (smallest share) with addresses for so many pods on each node. */
export function nodePrefixFor(podCidr: Cidr, podsPerNode: number): number {
  let prefix = addressBits(podCidr.family);
  while (prefix > podCidr.prefix && podAddressesPerNode(podCidr, prefix) < podsPerNode) prefix -= 1;
  return prefix;
}

/** The longest pod CIDR prefix (smallest range) that holds so many nodes with shares of `nodePrefix`. */
export function podPrefixFor(nodes: number, nodePrefix: number): number {
  return Math.max(0, nodePrefix - Math.ceil(Math.log2(Math.max(1, nodes))));
}
