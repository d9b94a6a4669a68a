import type { Fact } from "./fact.ts";
import { isCommandMissing, jsonOf, notUnderstood } from "./not-understood.ts";

/** A network interface and what is on it. */
export interface Interface {
  readonly name: string;
  readonly mtu: number;
  /** Lower case; absent where the link has none (a tunnel). */
  readonly mac?: string;
  readonly isUp: boolean;
  readonly isLoopback: boolean;
  readonly addresses: readonly { readonly address: string; readonly prefix: number; readonly scope: string }[];
}

const argv = ["ip", "-j", "addr", "show"] as const;
const asked = argv.join(" ");

/** The network interfaces of a host. Undefined when ip (package iproute2) is not installed. */
export const interfaces: Fact<readonly Interface[] | undefined> = {
  name: "interfaces",
  reads: [{ kind: "run", argv }],
  parse: ([answer]) => {
    if (isCommandMissing(answer)) return undefined;
    const rows = jsonOf("interfaces", asked, answer);
    if (!Array.isArray(rows)) throw notUnderstood("interfaces", asked, answer, "it is not a list");
    // An interface that ip was not asked to show is an empty object in older versions of iproute2.
    return rows.filter((row) => Object.keys(row).length > 0).map((row) => interfaceOf(row, answer));
  },
};

function interfaceOf(row: Record<string, unknown>, answer: Parameters<Fact<unknown>["parse"]>[0][0] | undefined) {
  const { ifname, mtu, address, flags, addr_info: addresses } = row;
  if (typeof ifname !== "string" || typeof mtu !== "number" || !Array.isArray(flags) || !Array.isArray(addresses)) {
    throw notUnderstood("interfaces", asked, answer, "an interface has no name, MTU, flags or addresses");
  }
  return {
    name: ifname,
    mtu,
    ...(typeof address === "string" && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(address)
      ? { mac: address.toLowerCase() }
      : {}),
    isUp: flags.includes("UP"),
    isLoopback: flags.includes("LOOPBACK"),
    addresses: addresses
      .filter((one) => typeof one?.local === "string" && typeof one?.prefixlen === "number")
      .map((one) => ({ address: String(one.local), prefix: Number(one.prefixlen), scope: String(one.scope ?? "") })),
  };
}
