import { addressFamily, unusableAddress } from "../../domain/addresses.ts";
import type { Rule } from "./rule.ts";
import { hostPath } from "./rule.ts";

/** Hosts have addresses that other hosts can reach, all of one family. */
export const hostAddresses: Rule = ({ placedHosts }, report) => {
  const [first] = placedHosts;
  for (const placed of placedHosts) {
    const { name, address } = placed.host;
    const unusable = unusableAddress(address);
    if (unusable !== undefined) {
      report.error("config/unusable-address", hostPath(placed, "address"), {
        message: `host ${name} cannot have this address`,
        because: unusable,
        hint: { text: "write the address on the network the hosts talk over; where to connect is ssh.host" },
      });
    }
    if (first !== undefined && addressFamily(address) !== addressFamily(first.host.address)) {
      report.error("config/mixed-families", hostPath(placed, "address"), {
        message: `host ${name} has an IPv${addressFamily(address) ?? "?"} address among IPv${addressFamily(first.host.address) ?? "?"} ones`,
        because: `found ${address}; ${first.host.name} on ${report.placeOf(hostPath(first, "address"))} has ${first.host.address}. Hosts talk over one family`,
        hint: { text: "give every host an address of the same family" },
      });
    }
  }
};
