import { effectiveUser } from "../../facts/effective-user.ts";
import { interpreter } from "../../facts/interpreter.ts";
import { type TcpReach, tcpReach } from "../../facts/tcp-reach.ts";
import type { HostName } from "../../hosts/port.ts";
import { ProblemError } from "../../problems/problem.ts";
import { countOf } from "../../report/count-of.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { Finding, PreflightCheck, PreflightContext } from "../check.ts";
import { type Conversation, conversations } from "../peers.ts";

/**
 * Hosts reach each other on the ports they will talk on. A refused connection is as good as an open one: nothing
 * listens there before apply, but the packet arrived and came back, so no firewall is in between.
 */
export const hostReachability: PreflightCheck = {
  name: "host-reachability",
  asks: "connections between hosts that must talk",
  run: (context) => {
    const asked = new Set(context.hosts.map((host) => host.name));
    const all = conversations(context.spec).filter(({ from, to }) => asked.has(from.name) && asked.has(to.name));
    const bySender = Map.groupBy(all, ({ from }) => from.name);
    const talkers = context.hosts.filter((host) => bySender.has(host.name));
    return judgeHosts(
      context,
      talkers,
      `${countOf(all.length, "connection")} between hosts get through`,
      async (host) => {
        const by = await context.fact(host.name, interpreter);
        if (by === undefined) {
          return [
            {
              severity: "warning",
              message: "it was not tried whether the other hosts can be reached",
              because: "there is neither Perl nor Python to try it with",
              hint: { text: "install python3 or perl" },
            },
          ];
        }
        const mine = bySender.get(host.name) ?? [];
        const targets = mine.map(({ to, port }) => ({ host: to.address, port }));
        const reaches = await context.fact(host.name, tcpReach(by, targets));
        const failed = mine.flatMap((conversation, at) => {
          const reach = reaches[at];
          return reach === undefined || reach.state === "open" || reach.state === "refused"
            ? []
            : [{ conversation, reach }];
        });
        const peers = [...Map.groupBy(failed, ({ conversation }) => conversation.to.name)];
        const arePeersThere = await Promise.all(peers.map(([to]) => isThere(context, to)));
        return peers.filter((_, at) => arePeersThere[at]).map(([to, ones]) => finding(to, ones));
      },
    );
  },
};

/** Whether a host answers us. One that does not is reported as such, and not by everybody who talks to it. */
async function isThere(context: PreflightContext, host: HostName): Promise<boolean> {
  try {
    await context.fact(host, effectiveUser);
    return true;
  } catch (error) {
    if (error instanceof ProblemError) return !error.problem.code.startsWith("ssh/");
    throw error;
  }
}

interface Failed {
  readonly conversation: Conversation;
  readonly reach: TcpReach;
}

/** All ports of one peer that cannot be reached, as one finding. */
function finding(to: string, failed: readonly Failed[]): Omit<Finding, "host"> {
  const ports = failed.map(({ conversation }) => conversation.port);
  const noun = ports.length === 1 ? "port" : "ports";
  const because = failed.map(({ conversation: { to: peer, port, why }, reach }) => {
    return `${peer.address}:${port}: ${"because" in reach ? reach.because : "no answer in 3 s"}; ${why}`;
  });
  return {
    severity: "error",
    message: `${to} cannot be reached on ${noun} ${ports.join(", ")}`,
    because: because.join(", "),
    hint: {
      text: `let TCP ${noun} ${ports.join(", ")} through every firewall on the way to ${to}, and check the route`,
    },
  };
}
