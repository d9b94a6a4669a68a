import type { Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";
import { notUnderstood, outputOf, textOf } from "./not-understood.ts";

/** The host's own clock, in seconds since the epoch. */
export interface HostTime {
  readonly now: number;
  /** When the host's monotonic clock was zero; good to about 20 ms, wrong after a suspend or a clock step. */
  readonly monotonicZero: number;
}

const dateArgv = ["date", "+%s.%N"] as const;
const uptimePath = "/proc/uptime";
// In this order: commands run in the order they are asked for. With `date` first, whatever runs between the two would
// make services look older than the files they have loaded.
const reads = [linesOfFiles([uptimePath]), { kind: "run", argv: dateArgv }] as const satisfies readonly Read[];

/** What time the host thinks it is, and how its monotonic clock relates to that. */
export const hostTime: Fact<HostTime> = {
  name: "host-time",
  reads,
  parse([answers, date]) {
    const printed = outputOf("host-time", dateArgv.join(" "), date).trim();
    const now = Number(printed);
    if (!/^\d+(\.\d+)?$/.test(printed) || now <= 0) {
      throw notUnderstood("host-time", dateArgv.join(" "), date, "it is not a number of seconds");
    }
    const uptime = fileAmong("host-time", uptimePath, answers);
    const upSeconds = Number.parseFloat(textOf("host-time", uptimePath, uptime) ?? "");
    if (!Number.isFinite(upSeconds)) {
      throw notUnderstood("host-time", uptimePath, uptime, "it is not a number of seconds");
    }
    return { now, monotonicZero: now - upSeconds };
  },
};
