import { describe, expect, test } from "vitest";
import type { LoadedUnit } from "../facts/loaded-unit.ts";
import { filesNotLoaded } from "./process-age.ts";

const second = 1_800_000_000;
const unit = {
  id: "thing.service",
  load: "loaded",
  active: "active",
  sub: "running",
  unitFile: "enabled",
  fragmentPath: "",
  sourcePath: "",
  mainPid: 1,
  needsDaemonReload: false,
  result: "success",
  // Started half a second into the second, when the host was up for 1,000 s.
  startedAt: { epochSecond: second, monotonic: 1000 },
} as const satisfies LoadedUnit;
const time = { now: second + 100, monotonicZero: second + 0.5 - 1000 };

function notLoaded(modifiedAt: number, of: LoadedUnit = unit, at = time, reloads = false) {
  return filesNotLoaded([{ path: "/etc/thing", modifiedAt }], of, at, reloads);
}

describe("files a process has not loaded", () => {
  test("are those modified in a later second", () => {
    expect(notLoaded(second + 1).newer).toEqual(["/etc/thing"]);
  });

  test("are not those modified in an earlier second", () => {
    expect(notLoaded(second - 0.001).newer).toEqual([]);
  });

  test("are told within one second by the monotonic clock", () => {
    expect(notLoaded(second + 0.4).newer).toEqual([]);
    expect(notLoaded(second + 0.6).newer).toEqual(["/etc/thing"]);
  });

  test("are not those written right before the start, as after write and restart", () => {
    expect(notLoaded(second + 0.499).newer).toEqual([]);
    expect(notLoaded(second + 0.51).newer).toEqual([]);
  });

  test("are not guessed within one second when the clock was stepped since", () => {
    const stepped = { now: time.now + 3600, monotonicZero: time.monotonicZero + 3600 };
    expect(notLoaded(second + 0.9, unit, stepped).newer).toEqual([]);
    expect(notLoaded(second + 2, unit, stepped).newer).toEqual(["/etc/thing"]);
  });

  test("are none for a service that takes its files by reload, when it was reloaded since", () => {
    const reloaded = { ...unit, stateChangedAt: { epochSecond: second + 50, monotonic: 1050 } };
    expect(notLoaded(second + 20, reloaded, time, true).newer).toEqual([]);
    expect(notLoaded(second + 20, reloaded, time, false).newer).toEqual(["/etc/thing"]);
  });

  test("are told apart when they are dated in the future", () => {
    expect(notLoaded(time.now + 3600).inTheFuture).toEqual(["/etc/thing"]);
    expect(notLoaded(time.now - 1).inTheFuture).toEqual([]);
  });

  test("are none for a process that never started", () => {
    const { startedAt: _, ...never } = unit;
    expect(notLoaded(second + 10, never).newer).toEqual([]);
  });
});
