import type { HostTime } from "../facts/host-time.ts";
import type { LoadedUnit, UnitMoment } from "../facts/loaded-unit.ts";

/** A file a process reads, with its modification time in seconds since the epoch. */
export interface LoadedFile {
  readonly path: string;
  readonly modifiedAt: number;
}

/**
 * How exactly two moments of different clocks of one host can be compared: /proc/uptime counts hundredths of a second,
 * and is read some milliseconds before `date`.
 */
const clockErrorSeconds = 0.03;
/** A file that far ahead of the host's clock is dated in the future, and not merely being written while we look. */
const futureAfterSeconds = 2;

/**
 * Which files were modified after the unit last read them: after its main process started or, if it `reloads`, after
 * its state last changed.
 *
 * systemd prints wall-clock times in whole seconds only, and its exact monotonic times are useless once the clock was
 * stepped. So whole seconds decide, and only within the same second the monotonic time does, where both agree.
 */
export function filesNotLoaded(
  files: readonly LoadedFile[],
  unit: LoadedUnit,
  time: HostTime,
  reloads: boolean,
): { readonly newer: readonly string[]; readonly inTheFuture: readonly string[] } {
  const loaded = reloads ? later(unit.startedAt, unit.stateChangedAt) : unit.startedAt;
  if (loaded === undefined) return { newer: [], inTheFuture: [] };
  const newer = files.filter((file) => isNewer(file.modifiedAt, loaded, time));
  return {
    newer: newer.map((file) => file.path),
    inTheFuture: newer.filter((file) => file.modifiedAt > time.now + futureAfterSeconds).map((file) => file.path),
  };
}

function isNewer(modifiedAt: number, loaded: UnitMoment, time: HostTime): boolean {
  if (modifiedAt < loaded.epochSecond) return false;
  if (modifiedAt >= loaded.epochSecond + 1) return true;
  const exact = time.monotonicZero + loaded.monotonic;
  const agrees = exact > loaded.epochSecond - clockErrorSeconds && exact < loaded.epochSecond + 1 + clockErrorSeconds;
  return agrees && modifiedAt > exact + clockErrorSeconds;
}

function later(one: UnitMoment | undefined, other: UnitMoment | undefined): UnitMoment | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.monotonic >= other.monotonic ? one : other;
}
