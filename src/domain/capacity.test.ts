import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCidr } from "./addresses.ts";
import { nodePrefixFor, nodesInPodCidr, podAddressesPerNode, podPrefixFor } from "./capacity.ts";

function cidr(text: string) {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(`${text} is no CIDR`);
  return parsed;
}

describe("pod CIDR arithmetic", () => {
  test("kubeadm's usual /16 holds 256 nodes of 253 pods", () => {
    expect(nodesInPodCidr(cidr("10.244.0.0/16"), 24)).toBe(256);
    expect(podAddressesPerNode(cidr("10.244.0.0/16"), 24)).toBe(253);
  });

  test("a share larger than the whole holds nobody", () => {
    expect(nodesInPodCidr(cidr("10.244.0.0/24"), 16)).toBe(0);
  });

  test("shares of one or two addresses hold no pod", () => {
    expect(podAddressesPerNode(cidr("10.0.0.0/8"), 32)).toBe(0);
    expect(podAddressesPerNode(cidr("10.0.0.0/8"), 31)).toBe(0);
  });

  test("5,000 nodes of /24 need a /11, and 110 pods a /25", () => {
    expect(podPrefixFor(5000, 24)).toBe(11);
    expect(nodePrefixFor(cidr("10.0.0.0/8"), 110)).toBe(25);
    expect(nodePrefixFor(cidr("fd00::/48"), 110)).toBe(121);
  });

  test("the prefix found for so many nodes holds them, and the next longer one does not", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 17, max: 28 }), (nodes, nodePrefix) => {
        const prefix = podPrefixFor(nodes, nodePrefix);
        expect(nodesInPodCidr(cidr(`10.0.0.0/${prefix}`), nodePrefix)).toBeGreaterThanOrEqual(nodes);
        expect(nodesInPodCidr(cidr(`10.0.0.0/${prefix + 1}`), nodePrefix)).toBeLessThan(nodes);
      }),
    );
  });

  test("the node prefix found for so many pods holds them, and the next longer one does not", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4000 }), (pods) => {
        const prefix = nodePrefixFor(cidr("10.0.0.0/8"), pods);
        expect(podAddressesPerNode(cidr("10.0.0.0/8"), prefix)).toBeGreaterThanOrEqual(pods);
        expect(podAddressesPerNode(cidr("10.0.0.0/8"), prefix + 1)).toBeLessThan(pods);
      }),
    );
  });
});
