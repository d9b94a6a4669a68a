import { canonicalAddress } from "../domain/addresses.ts";
import type { Interface } from "../facts/interfaces.ts";

/** The interface of a host that carries an address; undefined when none does. */
export function interfaceWith(address: string, interfaces: readonly Interface[]): Interface | undefined {
  const wanted = canonicalAddress(address);
  return interfaces.find((one) => one.addresses.some((own) => canonicalAddress(own.address) === wanted));
}
