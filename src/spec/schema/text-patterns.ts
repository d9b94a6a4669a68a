import { addressFamily } from "../../domain/addresses.ts";

const label = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?";

/** Pattern of a lower-case DNS name, labels separated by dots (RFC 1123). */
export const subdomain = `${label}(?:\\.${label})*`;
/** Pattern of a DNS name in any case. */
export const domain =
  "[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*";
/** Pattern of one part of a path. */
export const segment = "[A-Za-z0-9._@+=-]+";

/** Whether a path has no part that leads elsewhere: "." or "..". */
export function hasNoDotSegment(path: string): boolean {
  return path.split("/").every((part) => part !== "." && part !== "..");
}

/** Whether a name cannot be taken for an IP address, as one could whose last label is of digits only. */
export function isNotNumeric(name: string): boolean {
  return !/(?:^|\.)[0-9]+$/.test(name) && name !== "localhost";
}

/** Whether a text of digits is a port; none at all is fine. */
export function isPort(text: string | undefined): boolean {
  return text === undefined || (Number(text) >= 1 && Number(text) <= 65535);
}

/** Whether a text is an IPv4 address or a name. */
export function isHost(text: string): boolean {
  return addressFamily(text) === 4 || isNotNumeric(text);
}
