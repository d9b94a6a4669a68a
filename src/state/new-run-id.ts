import { randomBytes } from "node:crypto";

/** An id for a run: sorts by time, and two runs started in the same millisecond differ. */
export function newRunId(now: Date): string {
  return `${now.toISOString().replaceAll(/[-:]/g, "")}-${randomBytes(3).toString("hex")}`;
}
