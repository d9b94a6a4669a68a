import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalAddress, cidrContains, cidrsOverlap, cidrText, parseCidr, subnetOf } from "./addresses.ts";

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
