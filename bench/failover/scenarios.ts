import type { Lab } from "../../src/lab/lab.ts";
import type { StandIn } from "./children.ts";

/** What a scenario happens to. */
export interface Situation {
  readonly lab: Lab;
  /** The load balancer with the virtual IP. */
  readonly holder: string;
  readonly standIns: ReadonlyMap<string, StandIn>;
}

/** Something that goes wrong, and how it is put right again. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** The longest silence a client may meet. */
  readonly goalMs: number;
  strike(at: Situation): Promise<unknown>;
  /** Absent: what was struck returns by itself. */
  mend?(at: Situation): Promise<unknown>;
}

/** Every process of the unit at once. */
const killAll = (unit: string) => ["systemctl", "kill", "--signal=KILL", unit];

export const scenarios: readonly Scenario[] = [
  {
    name: "kill-haproxy",
    title: "kill -9 haproxy",
    goalMs: 1000,
    strike: ({ lab, holder }) => lab.exec(holder, killAll("haproxy")),
  },
  {
    name: "kill-keepalived",
    title: "kill -9 keepalived",
    goalMs: 3000,
    strike: ({ lab, holder }) => lab.exec(holder, killAll("keepalived")),
  },
  {
    name: "stop-keepalived",
    title: "systemctl stop keepalived",
    goalMs: 3000,
    strike: ({ lab, holder }) => lab.exec(holder, ["systemctl", "stop", "keepalived"]),
    mend: ({ lab, holder }) => lab.exec(holder, ["systemctl", "start", "keepalived"]),
  },
  {
    name: "stop-haproxy",
    title: "systemctl stop haproxy",
    goalMs: 3000,
    strike: ({ lab, holder }) => lab.exec(holder, ["systemctl", "stop", "haproxy"]),
    mend: ({ lab, holder }) => lab.exec(holder, ["systemctl", "start", "haproxy"]),
  },
  {
    name: "power-off",
    title: "power cut of the holder",
    goalMs: 3000,
    strike: ({ lab, holder }) => lab.powerOff(holder),
    mend: ({ lab, holder }) => lab.powerOn(holder),
  },
  {
    name: "cut-cable",
    title: "cable of the holder pulled",
    goalMs: 3000,
    strike: ({ lab, holder }) => lab.cutNetwork(holder, "cable"),
    mend: ({ lab, holder }) => lab.restoreNetwork(holder),
  },
  {
    name: "cut-switch",
    title: "switch port of the holder dead",
    goalMs: 3000,
    strike: ({ lab, holder }) => lab.cutNetwork(holder, "switch"),
    mend: ({ lab, holder }) => lab.restoreNetwork(holder),
  },
  {
    name: "kill-api-server",
    title: "kill -9 one of three API servers",
    goalMs: 1000,
    strike: ({ standIns }) => first(standIns).kill(),
    mend: ({ standIns }) => first(standIns).start(),
  },
];

function first(standIns: ReadonlyMap<string, StandIn>): StandIn {
  const [one] = standIns.values();
  if (one === undefined) throw new Error("there is no stand-in for an API server");
  return one;
}
