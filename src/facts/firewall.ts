import type { Answer } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { commandOf, isCommandMissing, jsonOf, notUnderstood } from "./not-understood.ts";
import { systemdAway } from "./systemd-away.ts";

/** What may keep packets from reaching a host's ports. */
export interface Firewall {
  /** Names of programs that manage rules and are active: "firewalld", "ufw", "nftables". */
  readonly services: readonly string[];
  /** Chains that drop what no rule accepts: "inet filter input", "iptables INPUT". */
  readonly dropsByDefault: readonly string[];
}

const nft = ["nft", "-j", "list", "chains"] as const;
const iptables = ["iptables", "-S", "INPUT"] as const;
const services = ["firewalld", "ufw", "nftables"] as const;

/** Whether a host filters what comes in. Hosts without nft and iptables have no rules that could. */
export const firewall: Fact<Firewall> = {
  name: "firewall",
  reads: [
    { kind: "run", argv: nft },
    { kind: "run", argv: iptables },
    { kind: "run", argv: ["systemctl", "is-active", ...services], passing: systemdAway },
  ],
  parse: ([chains, rules, active]) => ({
    services: activeServices(active),
    dropsByDefault: [...nftDrops(chains), ...iptablesDrops(rules)],
  }),
};

/** is-active prints one word per unit, in order; its exit code only says whether any is active. */
function activeServices(answer: Answer | undefined): readonly string[] {
  if (isCommandMissing(answer)) return [];
  const words = commandOf("firewall", "systemctl is-active", answer).stdout.toString("utf8").split("\n");
  return services.filter((_, at) => words[at]?.trim() === "active");
}

function nftDrops(answer: Answer | undefined): readonly string[] {
  if (isCommandMissing(answer)) return [];
  // Without the kernel's nf_tables there can be no nft rules either.
  if (
    answer?.kind === "result" &&
    answer.exitCode !== 0 &&
    /not supported|Protocol error/i.test(String(answer.stderr))
  ) {
    return [];
  }
  const report = jsonOf("firewall", nft.join(" "), answer) as { readonly nftables?: unknown } | undefined;
  const rows = Array.isArray(report) ? report : report?.nftables;
  if (!Array.isArray(rows)) throw notUnderstood("firewall", nft.join(" "), answer, "it has no list of chains");
  return rows.flatMap((row) => {
    const chain = row?.chain;
    const isDropping = chain?.hook === "input" && chain?.policy === "drop";
    return isDropping ? [`${chain.family} ${chain.table} ${chain.name}`] : [];
  });
}

function iptablesDrops(answer: Answer | undefined): readonly string[] {
  if (isCommandMissing(answer)) return [];
  const result = commandOf("firewall", iptables.join(" "), answer);
  // iptables ends with 3 or 4 where the kernel has no such table: then there are no such rules.
  return result.exitCode === 0 && /^-P INPUT DROP$/m.test(result.stdout.toString("utf8")) ? ["iptables INPUT"] : [];
}
