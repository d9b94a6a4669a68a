import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** IPv4 or IPv6. */
export type Family = 4 | 6;

/** Bits of an address of the family: 32 or 128. */
export function addressBits(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** A range of addresses, in canonical form: host bits zero, IPv6 compressed and in lower case. */
export interface Cidr {
  readonly family: Family;
  readonly prefix: number;
  /** The first address. */
  readonly network: string;
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * 4 or 6 for a plain address: dotted decimal with four parts, or IPv6 without a zone and without an embedded IPv4
 * address. Undefined for anything else, such as "10.1", "0x0a000001" and "010.0.0.1".
 */
export function addressFamily(text: string): Family | undefined {
  const family = isIP(text);
  if (family === 4) return 4;
  return family === 6 && !text.includes("%") && !text.includes(".") ? 6 : undefined;
}

/** The one spelling of an address (RFC 5952 for IPv6); undefined when it is none. */
export function canonicalAddress(text: string): string | undefined {
  const family = addressFamily(text);
  // IPv4 without leading zeros, which addressFamily() holds it to, has one spelling.
  return family === 6 ? ipaddr.parse(text).toString() : family === 4 ? text : undefined;
}

/** An address as a number. Throws a RangeError when the text is no address. */
function addressToNumber(text: string): bigint {
  const family = addressFamily(text);
  if (family === undefined) throw new RangeError(`${text} is not an IP address`);
  if (family === 4) return BigInt(text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0));
  return BigInt(`0x${Buffer.from(ipaddr.parse(text).toByteArray()).toString("hex")}`);
}

/** The range `address/prefix` lies in; host bits are cleared. Undefined when either is not valid. */
export function subnetOf(address: string, prefix: number): Cidr | undefined {
  const family = addressFamily(address);
  if (family === undefined || !Number.isInteger(prefix) || prefix < 0 || prefix > addressBits(family)) return undefined;
  const size = 1n << BigInt(addressBits(family) - prefix);
  const number = addressToNumber(address);
  const first = number - (number % size);
  return { family, prefix, network: numberToAddress(first, family), first, last: first + size - 1n };
}

/** A range from its text, e.g. "10.244.0.0/16"; host bits are cleared. Undefined when the text is none. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([0-9A-Fa-f:.]{2,39})\/(0|[1-9][0-9]{0,2})$/.exec(text);
  return match?.[1] === undefined ? undefined : subnetOf(match[1], Number(match[2]));
}

/** The range as text, e.g. "10.244.0.0/16". */
export function cidrText(cidr: Cidr): string {
  return `${cidr.network}/${cidr.prefix}`;
}

/** The address that many places behind the first one of the range; undefined when the range is smaller. */
export function addressAt(cidr: Cidr, offset: number): string | undefined {
  const number = cidr.first + BigInt(offset);
  return number < cidr.first || number > cidr.last ? undefined : numberToAddress(number, cidr.family);
}

/** Whether the address is in the range; an address of the other family never is. */
export function cidrContains(cidr: Cidr, address: string): boolean {
  if (addressFamily(address) !== cidr.family) return false;
  const number = addressToNumber(address);
  return cidr.first <= number && number <= cidr.last;
}

/** Whether two ranges share an address; ranges of different families never do. */
export function cidrsOverlap(one: Cidr, other: Cidr): boolean {
  return one.family === other.family && one.first <= other.last && other.first <= one.last;
}

/** Why a machine on a network cannot have this address, as a statement; undefined when it can. */
export function unusableAddress(text: string): string | undefined {
  const family = addressFamily(text);
  if (family === undefined) return `${text} is not an IP address`;
  // Spares nearly every host of a large cluster the full classification.
  if (family === 4 && !/^(?:0|127|169|22[4-9]|2[345].)\./.test(text)) return undefined;
  const range = ipaddr.parse(text).range();
  const reason = unusableRanges[range];
  return reason === undefined ? undefined : `${text} is ${reason}`;
}

/** Why the address cannot be a machine's in this subnet: its first and (IPv4) last address are taken by the network. */
export function unusableInSubnet(subnet: Cidr, address: string): string | undefined {
  const bits = addressBits(subnet.family);
  if (subnet.prefix >= bits - 1) return undefined;
  const number = addressToNumber(address);
  if (number === subnet.first) {
    return `${address} is the ${subnet.family === 4 ? "network" : "subnet-router anycast"} address of ${cidrText(subnet)}`;
  }
  if (subnet.family === 4 && number === subnet.last)
    return `${address} is the broadcast address of ${cidrText(subnet)}`;
  return undefined;
}

/** By ipaddr.js' names of the special ranges of RFC 6890. */
const unusableRanges: Readonly<Record<string, string>> = {
  unspecified: "the unspecified address",
  broadcast: "the broadcast address",
  multicast: "a multicast address",
  linkLocal: "a link-local address, which differs in meaning from host to host",
  loopback: "a loopback address, which no other host can reach",
  ipv4Mapped: "an IPv4 address in IPv6 spelling",
};

function numberToAddress(number: bigint, family: Family): string {
  const hex = number.toString(16).padStart(addressBits(family) / 4, "0");
  return ipaddr.fromByteArray([...Buffer.from(hex, "hex")]).toString();
}
