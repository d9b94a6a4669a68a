import type { Fact } from "./fact.ts";
import { commandOf, isCommandMissing } from "./not-understood.ts";

/**
 * Whether packets of a size get to an address unfragmented. "too-long": something on the way, or the host itself, said
 * that they do not fit. "silent": no answer, which a dropped packet and a host that does not answer pings look like.
 */
export type PathPacket =
  | { readonly state: "passes" | "too-long" | "silent" | "no-ping" }
  | { readonly state: "failed"; readonly because: string };

/** Headers in front of a ping's payload: IPv4 20 bytes, IPv6 40, ICMP 8. */
const headerBytes = { v4: 28, v6: 48 };

/** Sends two pings that may not be fragmented and fill packets of `sizeBytes` (the MTU of an interface). */
export function pathPacket(address: string, sizeBytes: number): Fact<PathPacket> {
  const payload = sizeBytes - (address.includes(":") ? headerBytes.v6 : headerBytes.v4);
  const argv = [
    "ping",
    "-n",
    "-q",
    "-c",
    "2",
    "-i",
    "0.2",
    "-W",
    "1",
    "-w",
    "2",
    "-M",
    "do",
    "-s",
    String(payload),
    address,
  ];
  return {
    name: `path-packet ${address} ${sizeBytes}`,
    reads: [{ kind: "run", argv, timeoutMs: 15_000 }],
    parse: ([answer]) => {
      if (isCommandMissing(answer)) return { state: "no-ping" };
      const { exitCode, stdout, stderr } = commandOf("path-packet", argv.join(" "), answer);
      const said = `${stdout.toString("utf8")}\n${stderr.toString("utf8")}`;
      if (exitCode === 0) return { state: "passes" };
      if (/message too long|frag needed|packet too big/i.test(said)) return { state: "too-long" };
      if (exitCode === 1) return { state: "silent" };
      return { state: "failed", because: said.trim().split("\n").at(-1) ?? `ping ended with exit code ${exitCode}` };
    },
  };
}
