import { randomBytes } from "node:crypto";

/**
 * An id for a run: sorts by time, and two runs started in the same millisecond differ. It sorts after `last`, the newest
 * run there is, also when this computer's clock was set back since: the order of the runs is what tells the latest.
 */
export function newRunId(now: Date, last?: string): string {
  const time = last === undefined ? now : new Date(Math.max(now.getTime(), timeOf(last) + 1));
  return `${time.toISOString().replaceAll(/[-:]/g, "")}-${randomBytes(3).toString("hex")}`;
}

/** The start of a run by its id, in milliseconds since the epoch. */
function timeOf(id: string): number {
  const ms = Date.parse(id.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\d\.\d{3}Z).*$/, "$1-$2-$3:$4:$5"));
  return Number.isNaN(ms) ? 0 : ms;
}
