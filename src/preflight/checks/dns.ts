import { canonicalAddress } from "../../domain/addresses.ts";
import { nameLookup } from "../../facts/name-lookup.ts";
import { resolver } from "../../facts/resolver.ts";
import { isNode } from "../../spec/hosts-by-role.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { Finding, PreflightCheck } from "../check.ts";

/** More are ignored: https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/ (2026-11). */
const mostNameServers = 3;
/** systemd-resolved's, which the kubelet knows to look behind. */
const stubResolvers = ["127.0.0.53", "127.0.0.54"];

/** Hosts can look names up, in a way that works for pods too, and find the entry point by its name. */
export const dns: PreflightCheck = {
  name: "dns",
  asks: "name servers, and the name of the entry point",
  run: (context) => {
    const { endpoint } = context.spec;
    return judgeHosts(context, context.hosts, "every host has name servers", async (host) => {
      const found = await context.fact(host.name, resolver);
      const findings: Omit<Finding, "host">[] = [];
      const servers = found?.nameServers ?? [];
      const local = servers.filter((one) => /^127\.|^::1$/.test(one) && !stubResolvers.includes(one));
      if (servers.length === 0) {
        findings.push({
          severity: "warning",
          message: "the host has no name server",
          because: "/etc/resolv.conf names none",
          hint: { text: "add a nameserver line, or set up the network's DNS; pods use the same servers" },
        });
      }
      if (local.length > 0 && isNode(host)) {
        findings.push({
          severity: "warning",
          message: "pods would get a name server that only the host can reach",
          because: `/etc/resolv.conf names ${local.join(", ")}; CoreDNS would ask itself in a loop`,
          hint: { text: "name the real servers in /etc/resolv.conf, or use systemd-resolved" },
        });
      }
      if (servers.length > mostNameServers) {
        findings.push({
          severity: "warning",
          message: "the host has more name servers than are used",
          because: `found ${servers.length}, the limit is ${mostNameServers}; ${servers.slice(mostNameServers).join(", ")} would be ignored`,
          hint: { text: "shorten /etc/resolv.conf" },
        });
      }
      if (endpoint.name !== undefined && canonicalAddress(endpoint.name) === undefined) {
        findings.push(
          ...judgeName(endpoint.name, endpoint.address, await context.fact(host.name, nameLookup(endpoint.name))),
        );
      }
      return findings;
    });
  },
};

function judgeName(
  name: string,
  wanted: string | undefined,
  found: readonly string[],
): readonly Omit<Finding, "host">[] {
  const isRight = wanted === undefined || found.some((one) => canonicalAddress(one) === canonicalAddress(wanted));
  if (found.length > 0 && isRight) return [];
  return [
    {
      severity: "warning",
      message: `the name ${name} of the entry point does not lead to it`,
      because: found.length === 0 ? "it has no address" : `it has ${found.join(", ")}, wanted is ${wanted}`,
      hint: { text: `add it to the DNS${wanted === undefined ? "" : `: ${name} A ${wanted}`}` },
    },
  ];
}
