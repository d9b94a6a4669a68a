import { describe, expect, test } from "vitest";
import {
  addressFamily,
  canonicalAddress,
  cidrContains,
  cidrsOverlap,
  cidrText,
  parseCidr,
  subnetOf,
  unusableAddress,
  unusableInSubnet,
} from "./addresses.ts";

function cidr(text: string) {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(`${text} is no CIDR`);
  return parsed;
}

describe("addressFamily", () => {
  test.each(["10.0.0.1", "255.255.255.255"])("knows %s as IPv4", (text) => expect(addressFamily(text)).toBe(4));
  test.each(["::1", "FD00::a", "2001:db8::1"])("knows %s as IPv6", (text) => expect(addressFamily(text)).toBe(6));
  test.each([
    "",
    "10.1",
    "10.0.0.256",
    "010.0.0.1",
    "0x0a000001",
    "167772161",
    "10.0.0.1/24",
    "10.0.0.1 ",
    "fe80::1%eth0",
    "::ffff:10.0.0.1",
    "[::1]",
    "١٠.0.0.1",
  ])("takes %j for no address", (text) => expect(addressFamily(text)).toBeUndefined());
});

test("an address has one spelling", () => {
  expect(canonicalAddress("FD00:0:0:0::000A")).toBe("fd00::a");
  expect(canonicalAddress("nonsense")).toBeUndefined();
});

describe("CIDR ranges", () => {
  test("are written with their first address", () => {
    expect(cidrText(cidr("10.1.2.3/16"))).toBe("10.1.0.0/16");
    expect(cidrText(cidr("fd00:1:2::3/48"))).toBe("fd00:1:2::/48");
    expect(cidrText(cidr("0.0.0.0/0"))).toBe("0.0.0.0/0");
    expect(cidr("::/0").last).toBe((1n << 128n) - 1n);
  });

  test.each(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "fd00::/129", "10.0.0.0/-1", "10.0.0/8", "/8", "10.0.0.0/8/8"])(
    "do not come from %s",
    (text) => expect(parseCidr(text)).toBeUndefined(),
  );

  test("contain addresses of their own family only", () => {
    expect(cidrContains(cidr("10.0.0.0/8"), "10.255.255.255")).toBe(true);
    expect(cidrContains(cidr("10.0.0.0/8"), "11.0.0.0")).toBe(false);
    expect(cidrContains(cidr("::/0"), "10.0.0.1")).toBe(false);
  });

  test("overlap when one lies in the other", () => {
    expect(cidrsOverlap(cidr("10.96.0.0/12"), cidr("10.100.0.0/16"))).toBe(true);
    expect(cidrsOverlap(cidr("10.96.0.0/12"), cidr("10.112.0.0/16"))).toBe(false);
    expect(cidrsOverlap(cidr("::/0"), cidr("0.0.0.0/0"))).toBe(false);
  });

  test("are found from an address and a prefix", () => {
    expect(subnetOf("10.0.0.10", 24)?.network).toBe("10.0.0.0");
    expect(subnetOf("10.0.0.10", 33)).toBeUndefined();
    expect(subnetOf("10.0.0.10", 1.5)).toBeUndefined();
    expect(subnetOf("no", 8)).toBeUndefined();
  });
});

describe("addresses a host cannot have", () => {
  test.each([
    ["0.0.0.0", "unspecified"],
    ["255.255.255.255", "broadcast"],
    ["224.0.0.1", "multicast"],
    ["ff02::1", "multicast"],
    ["169.254.1.1", "link-local"],
    ["fe80::1", "link-local"],
    ["127.0.0.1", "loopback"],
    ["::1", "loopback"],
    ["::ffff:a00:1", "IPv4 address in IPv6"],
    ["host", "not an IP address"],
  ])("%s", (text, reason) => expect(unusableAddress(text)).toContain(reason));

  test.each(["10.0.0.1", "192.0.2.1", "8.8.8.8", "fd00::1", "2001:db8::1", "100.64.0.1"])("not %s", (text) =>
    expect(unusableAddress(text)).toBeUndefined(),
  );

  test("the ends of a subnet", () => {
    expect(unusableInSubnet(cidr("10.0.0.0/24"), "10.0.0.0")).toContain("network address");
    expect(unusableInSubnet(cidr("10.0.0.0/24"), "10.0.0.255")).toContain("broadcast");
    expect(unusableInSubnet(cidr("10.0.0.0/24"), "10.0.0.1")).toBeUndefined();
    expect(unusableInSubnet(cidr("10.0.0.0/31"), "10.0.0.0")).toBeUndefined();
    expect(unusableInSubnet(cidr("fd00::/64"), "fd00::")).toContain("anycast");
  });
});
