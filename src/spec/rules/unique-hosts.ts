import { canonicalAddress } from "../../domain/addresses.ts";
import type { PlacedHost, Rule, RuleReport } from "./rule.ts";
import { hostPath } from "./rule.ts";

/** Every host has a name, an address and an SSH destination of its own. */
export const uniqueHosts: Rule = ({ placedHosts, ssh }, report) => {
  unique(placedHosts, report, "name", "config/duplicate-host-name", ({ host }) => host.name);
  unique(
    placedHosts,
    report,
    "address",
    "config/duplicate-address",
    ({ host }) => canonicalAddress(host.address) ?? host.address,
  );
  const named = placedHosts.filter(({ host }) => host.ssh.host !== undefined);
  unique(named, report, ["ssh", "host"], "config/duplicate-ssh-destination", ({ host }) => {
    const { port = ssh?.port, proxyJump = ssh?.proxyJump } = host.ssh;
    return [host.ssh.host, ...(port === undefined ? [] : [`port ${port}`]), proxyJump ?? ""].join(" ").trim();
  });
};

function unique(
  hosts: readonly PlacedHost[],
  report: RuleReport,
  field: string | readonly string[],
  code: `config/${string}`,
  identityOf: (placed: PlacedHost) => string,
): void {
  const path = typeof field === "string" ? [field] : field;
  const firsts = new Map<string, PlacedHost>();
  for (const placed of hosts) {
    const value = identityOf(placed);
    const first = firsts.get(value);
    if (first === undefined) {
      firsts.set(value, placed);
      continue;
    }
    const what = path.join(".");
    report.error(code, hostPath(placed, ...path), {
      message: `host ${placed.host.name} has the ${what} of another host`,
      because: `${value} is already the ${what} of ${first.host.name} on ${report.placeOf(hostPath(first, ...path))}`,
      hint: { text: `give each host a ${what} of its own, or remove one of the two` },
    });
  }
}
