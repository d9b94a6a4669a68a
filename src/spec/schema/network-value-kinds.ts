import { addressFamily, parseCidr } from "../../domain/addresses.ts";
import { domain, hasNoDotSegment, isNotNumeric, isPort, subdomain } from "./text-patterns.ts";
import type { ValueKind } from "./value-kind.ts";

/** Texts of the cluster file that say where something is in a network. */
export const networkValueKinds = {
  address: {
    what: "an IP address",
    rule: "IPv4 as four decimal numbers, or IPv6 without a zone",
    example: "10.0.0.11",
    maxLength: 39,
    pattern: /^[0-9A-Fa-f:.]+$/,
    accepts: (text) => addressFamily(text) !== undefined,
  },
  cidr: {
    what: "a CIDR range",
    rule: "an IPv4 or IPv6 address, '/', and a prefix length",
    example: "10.244.0.0/16",
    maxLength: 43,
    pattern: /^[0-9A-Fa-f:.]+\/[0-9]{1,3}$/,
    accepts: (text) => parseCidr(text) !== undefined,
  },
  domainName: {
    what: "a DNS name",
    rule: "letters, digits and '-', labels of at most 63 characters separated by '.', 253 characters in all, not a number or address",
    example: "api.example.com",
    maxLength: 253,
    pattern: new RegExp(`^${domain}$`),
    accepts: isNotNumeric,
  },
  timeServer: {
    what: "a time server",
    rule: "a DNS name or an IP address",
    example: "ntp.example.com",
    maxLength: 253,
    pattern: /^[A-Za-z0-9][A-Za-z0-9.:-]*$|^::[0-9A-Fa-f:]*$/,
    accepts: (text) =>
      addressFamily(text) !== undefined || (new RegExp(`^${domain}$`).test(text) && isNotNumeric(text)),
  },
  dnsDomain: {
    what: "a cluster DNS domain",
    rule: "lower-case letters, digits and '-', labels separated by '.'",
    example: "cluster.local",
    maxLength: 180,
    pattern: new RegExp(`^${subdomain}$`),
    accepts: isNotNumeric,
  },
  interfaceName: {
    what: "a network interface name",
    rule: "1 to 15 letters, digits, '.', '_', ':' and '-', starting with a letter or digit (the kernel's limit is 15)",
    example: "eth0",
    maxLength: 15,
    pattern: /^[A-Za-z0-9][A-Za-z0-9._:-]*$/,
  },
  listenAddress: {
    what: "an address and port to listen on",
    rule: "IPv4:port or [IPv6]:port",
    example: "127.0.0.1:1338",
    maxLength: 47,
    pattern: /^(?:[0-9.]{7,15}|\[[0-9A-Fa-f:]{2,39}\]):[0-9]{1,5}$/,
    accepts: (text) => {
      const address = text.replace(/:[0-9]+$/, "").replace(/^\[|\]$/g, "");
      return addressFamily(address) === (text.startsWith("[") ? 6 : 4) && isPort(/:([0-9]+)$/.exec(text)?.[1]);
    },
  },
  url: {
    what: "a URL",
    rule: "http:// or https://, a host, an optional port and path of letters, digits and . _ ~ + % / -; no user, password, query or fragment",
    example: "https://mirror.example.com/debian",
    maxLength: 1024,
    pattern:
      /^https?:\/\/(?:\[[0-9A-Fa-f:]{2,39}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._~+%-]*)*$/,
    accepts: (text) =>
      URL.canParse(text) && isPort(/^https?:\/\/[^/]*?:([0-9]+)(?:\/|$)/.exec(text)?.[1]) && hasNoDotSegment(text),
  },
} as const satisfies Readonly<Record<string, ValueKind>>;
