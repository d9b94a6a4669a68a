import { canonicalAddress } from "../../domain/addresses.ts";
import type { DraftCluster, PlacedHost, Rule, RuleReport } from "./rule.ts";
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
  uniqueDestinations(placedHosts, report, ssh);
};

/** Two names for one SSH destination are one machine. Hosts reached by their address are told apart by that already. */
function uniqueDestinations(hosts: readonly PlacedHost[], report: RuleReport, ssh: DraftCluster["ssh"]): void {
  const firsts = new Map<string, PlacedHost>();
  for (const placed of hosts) {
    const { host } = placed;
    const { port = ssh?.port, proxyJump = ssh?.proxyJump } = host.ssh;
    const destination = `${host.ssh.host ?? host.address}${port === undefined ? "" : ` port ${port}`}`;
    const identity = `${destination} ${proxyJump ?? ""}`;
    const first = firsts.get(identity);
    if (first === undefined) {
      firsts.set(identity, placed);
    } else if (host.ssh.host !== undefined || first.host.ssh.host !== undefined) {
      report.error("config/duplicate-ssh-destination", hostPath(placed, "ssh", "host"), {
        message: `host ${host.name} has the SSH destination of another host`,
        because: `${destination} already leads to ${first.host.name} on ${report.placeOf(hostPath(first))}`,
        hint: { text: "give each host an ssh.host or ssh.port of its own, or remove one of the two" },
      });
    }
  }
}

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
      hint: { text: `change the ${what} of one of the two, or remove one` },
    });
  }
}
