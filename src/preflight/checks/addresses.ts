import { interfaces } from "../../facts/interfaces.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { PreflightCheck } from "../check.ts";
import { interfaceWith } from "../own-interface.ts";

/** Every host has the address the cluster file gives it. */
export const addresses: PreflightCheck = {
  name: "addresses",
  asks: "addresses of the hosts",
  run: (context) =>
    judgeHosts(context, context.hosts, "every host has the address of the cluster file", async (host) => {
      const found = await context.fact(host.name, interfaces);
      if (found === undefined) {
        return [
          {
            severity: "warning",
            message: "its addresses are not known",
            because: "ip is not installed",
            hint: { text: "install the package iproute2 (RHEL family: iproute)" },
          },
        ];
      }
      const own = interfaceWith(host.address, found);
      if (own?.isUp === true) return [];
      const all = found.filter((one) => !one.isLoopback).flatMap((one) => one.addresses.map((each) => each.address));
      return [
        {
          severity: "error",
          message: `the host does not have its address ${host.address}`,
          because: own === undefined ? `it has ${all.join(", ") || "none"}` : `it is on ${own.name}, which is not up`,
          hint: {
            text: "correct the address in the cluster file: the one the hosts reach each other by; where to connect to from here is ssh.host",
          },
        },
      ];
    }),
};
