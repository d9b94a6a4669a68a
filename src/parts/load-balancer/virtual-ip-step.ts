import type { ClusterStep, Look, StepId } from "../../engine/step.ts";
import { interfaces } from "../../facts/interfaces.ts";
import type { HostName } from "../../hosts/port.ts";
import type { HostSpec } from "../../spec/cluster-spec.ts";
import type { VirtualIp } from "./keepalived-config.ts";

export const virtualIpStepId = "load-balancer.virtual-ip" as StepId;

/** Three missed advertisements, an election and room for a busy machine. */
const electedWithinMs = 30_000;

/** Waits until exactly one load balancer has the virtual IP; where more have it, all but one start over. */
export function virtualIpStep(
  vip: VirtualIp,
  hosts: readonly HostSpec[],
  after: readonly StepId[],
): ClusterStep<readonly HostName[]> {
  const names = hosts.map((host) => host.name);
  return {
    id: virtualIpStepId,
    title: `Serve the virtual IP ${vip.address} from one load balancer`,
    phase: "load-balancer",
    on: "cluster",
    after,
    impact: "none",
    async check(look) {
      const holders = await holdersOf(look, vip.address, names);
      if (holders.length === 1) return { state: "satisfied", because: `${holders[0]} has ${vip.address}` };
      const from = holders.length === 0 ? {} : { from: `on ${holders.join(" and ")}` };
      const to = names.length === 1 ? `on ${names[0]}` : `on one of ${names.join(", ")}`;
      return {
        state: "needed",
        found: holders,
        changes: [{ verb: holders.length === 0 ? "create" : "update", what: `virtual IP ${vip.address}`, ...from, to }],
      };
    },
    async apply(act, holders) {
      const restart = { kind: "run", argv: ["systemctl", "restart", "--", "keepalived.service"] } as const;
      // One of them goes on serving it meanwhile.
      await Promise.all(holders.slice(1).map((host) => act.changeOn(host, restart)));
    },
    verify: [
      {
        title: `virtual IP ${vip.address} to be on one load balancer`,
        everyMs: 500,
        withinMs: electedWithinMs,
        async holds(look) {
          const holders = await holdersOf(look, vip.address, names);
          if (holders.length === 1) return { state: "met" };
          return { state: "not-yet", because: `${holders.join(" and ") || "no load balancer"} has it` };
        },
      },
    ],
  };
}

/** The hosts that have this address on an interface now. */
export async function holdersOf(
  look: Pick<Look, "factOf">,
  address: string,
  hosts: readonly HostName[],
): Promise<readonly HostName[]> {
  const found = await Promise.all(hosts.map((host) => look.factOf(host, interfaces)));
  return hosts.filter((_, index) =>
    found[index]?.some((one) => one.addresses.some((each) => each.address === address)),
  );
}
