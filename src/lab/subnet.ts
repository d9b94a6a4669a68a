import ipaddr from "ipaddr.js";
import { ProblemError } from "../problems/problem.ts";
import { labProblem } from "./lab-problem.ts";

/** The network of a lab: its range, and the host's own address in it, which machines use as their gateway. */
export interface LabSubnet {
  /** "10.77.0.0/24". */
  readonly cidr: string;
  readonly prefix: number;
  readonly gateway: string;
}

function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

function rangeOf(cidr: string): { first: number; last: number } {
  const [address, prefix] = ipaddr.IPv4.parseCIDR(cidr);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(toNumber(address.toString()) / size) * size;
  return { first, last: first + size - 1 };
}

/** Whether two IPv4 ranges share an address. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [rangeOf(one), rangeOf(other)];
  return a.first <= b.last && b.first <= a.last;
}

function refuse(because: string): never {
  throw new ProblemError(
    labProblem("bad-definition", "the lab has no network that fits its addresses", {
      because,
      hint: { text: "give every machine and virtual IP an IPv4 address in one subnet that this computer does not use" },
    }),
  );
}

/**
 * The network that holds the given addresses (machines, virtual IPs): `cidr`, or the /24 of the first address. The
 * gateway is the lowest address that is free, so usually .1. Throws a ProblemError (`lab/bad-definition`).
 */
export function labSubnet(addresses: readonly string[], cidr?: string): LabSubnet {
  for (const address of addresses) {
    if (!ipaddr.IPv4.isValidFourPartDecimal(address)) refuse(`${JSON.stringify(address)} is not an IPv4 address`);
  }
  const [first] = addresses;
  if (first === undefined) refuse("there is no machine");
  const wanted = cidr ?? `${first}/24`;
  if (!ipaddr.IPv4.isValidCIDR(wanted)) refuse(`${JSON.stringify(wanted)} is not an IPv4 subnet`);
  const prefix = ipaddr.IPv4.parseCIDR(wanted)[1];
  const range = rangeOf(wanted);
  if (prefix < 16 || prefix > 29) refuse(`a lab subnet has a prefix of 16 to 29, found ${prefix}`);
  const taken = new Set(addresses.map(toNumber));
  for (const address of addresses) {
    const value = toNumber(address);
    if (value <= range.first || value >= range.last) {
      refuse(`${address} is not a host address in ${toText(range.first)}/${prefix}`);
    }
  }
  let gateway = range.first + 1;
  while (taken.has(gateway)) gateway += 1;
  if (gateway >= range.last) refuse(`${toText(range.first)}/${prefix} has no address left for the gateway`);
  return { cidr: `${toText(range.first)}/${prefix}`, prefix, gateway: toText(gateway) };
}
