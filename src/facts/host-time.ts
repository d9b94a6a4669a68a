import type { Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { notUnderstood, outputOf, textOf } from "./not-understood.ts";

/** The host's own clock, in seconds since the epoch. */
export interface HostTime {
  readonly now: number;
  /** When the host's monotonic clock was zero; good to about 20 ms, wrong after a suspend or a clock step. */
  readonly monotonicZero: number;
}

const dateArgv = ["date", "+%s.%N"] as const;
const uptimePath = "/proc/uptime";
const reads = [
  { kind: "run", argv: dateArgv },
  { kind: "content", path: uptimePath, maxBytes: 64 },
] as const satisfies readonly Read[];

/** What time the host thinks it is, and how its monotonic clock relates to that. */
export const hostTime: Fact<HostTime> = {
  name: "host-time",
  reads,
  parse([date, uptime]) {
    const printed = outputOf("host-time", dateArgv.join(" "), date).trim();
    const now = Number(printed);
    if (!/^\d+(\.\d+)?$/.test(printed) || now <= 0) {
      throw notUnderstood("host-time", dateArgv.join(" "), date, "it is not a number of seconds");
    }
    const upSeconds = Number.parseFloat(textOf("host-time", uptimePath, uptime) ?? "");
    if (!Number.isFinite(upSeconds)) {
      throw notUnderstood("host-time", uptimePath, uptime, "it is not a number of seconds");
    }
    return { now, monotonicZero: now - upSeconds };
  },
};
