import fc from "fast-check";
import { expect, test } from "vitest";
import {
  canonicalAddress,
  cidrContains,
  cidrsOverlap,
  cidrText,
  parseCidr,
  subnetOf,
  unusableAddress,
} from "./addresses.ts";

const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6().filter((text) => !text.includes(".")),
);
const range = fc
  .record({ address, prefix: fc.nat({ max: 128 }) })
  .map(({ address, prefix }) => subnetOf(address, address.includes(":") ? prefix : prefix % 33))
  .filter((cidr) => cidr !== undefined);

test("writing an address twice changes nothing the second time", () => {
  fc.assert(
    fc.property(address, (text) => {
      const once = canonicalAddress(text);
      expect(once).toBeDefined();
      expect(canonicalAddress(once ?? "")).toBe(once);
    }),
  );
});

test("a range is its text", () => {
  fc.assert(
    fc.property(range, (cidr) => {
      expect(parseCidr(cidrText(cidr))).toEqual(cidr);
    }),
  );
});

test("an address is in the subnet made from it", () => {
  fc.assert(
    fc.property(address, fc.nat({ max: 32 }), (text, prefix) => {
      const subnet = subnetOf(text, prefix);
      expect(subnet !== undefined && cidrContains(subnet, text)).toBe(true);
    }),
  );
});

test("overlap is mutual, and means that one holds the other's first address", () => {
  fc.assert(
    fc.property(range, range, (one, other) => {
      const expected = cidrContains(one, other.network) || cidrContains(other, one.network);
      expect(cidrsOverlap(one, other)).toBe(expected);
      expect(cidrsOverlap(other, one)).toBe(expected);
    }),
  );
});

test("an IPv4 address is unusable exactly in the ranges of RFC 6890", () => {
  const ranges = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32"].map(parseCidr);
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      const isListed = ranges.some((one) => one !== undefined && cidrContains(one, text));
      expect(unusableAddress(text) !== undefined).toBe(isListed);
    }),
    { numRuns: 1000 },
  );
});
