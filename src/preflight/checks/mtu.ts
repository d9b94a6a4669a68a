import { type Interface, interfaces } from "../../facts/interfaces.ts";
import { pathPacket } from "../../facts/path-packet.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { Finding, PreflightCheck } from "../check.ts";
import { interfaceWith } from "../own-interface.ts";
import { ring } from "../peers.ts";

/** A packet any path must carry: the smallest MTU of IPv6. */
const smallBytes = 1280;

/** Packets as large as a host sends them get through to its neighbours in the cluster, unfragmented. */
export const mtu: PreflightCheck = {
  name: "mtu",
  asks: "largest packet between hosts",
  run: async (context) => {
    const bySender = Map.groupBy(ring(context.hosts), ({ from }) => from.name);
    if (bySender.size === 0) return { state: "skipped", because: "there is only one host" };
    let withoutPing = 0;
    const outcome = await judgeHosts(context, context.hosts, "", async (host) => {
      const own = interfaceWith(host.address, (await context.fact(host.name, interfaces)) ?? []);
      // [addresses] complains of it.
      if (own === undefined) return [];
      const peers = (bySender.get(host.name) ?? []).map(({ to }) => to);
      const answers = await Promise.all(
        peers.map(async (to) => {
          const large = await context.fact(host.name, pathPacket(to.address, own.mtu));
          if (large.state === "passes" || large.state === "no-ping") return { to, large };
          return { to, large, small: await context.fact(host.name, pathPacket(to.address, smallBytes)) };
        }),
      );
      if (answers.some(({ large }) => large.state === "no-ping")) {
        withoutPing += 1;
        return [];
      }
      // Where nothing passes, pings are not answered, and [host-reachability] has tried it with TCP.
      const lossy = answers.filter(({ small }) => small?.state === "passes").map(({ to }) => to.name);
      return lossy.length === 0 ? [] : [finding(own, lossy)];
    });
    if (outcome.state === "skipped") return outcome;
    if (withoutPing === context.hosts.length)
      return { state: "skipped", because: "ping is not installed on the hosts" };
    const left =
      withoutPing === 0 ? "" : `; ${withoutPing} of ${context.hosts.length} hosts have no ping and were left out`;
    return { ...outcome, because: `full-size packets get through${left}` };
  },
};

function finding(own: Interface, peers: readonly string[]): Omit<Finding, "host"> {
  const names = peers.join(", ");
  return {
    severity: "error",
    message: `packets as large as the interface sends do not reach ${names}`,
    because: `${own.name} has MTU ${own.mtu}; packets of ${own.mtu} bytes are lost, ${smallBytes} bytes get through`,
    hint: {
      text: "set the MTU of the interface to what the network between the hosts carries; see what it is now",
      command: `ip link show ${own.name}`,
    },
  };
}
