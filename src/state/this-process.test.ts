import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { isGone, isGoneBy, thisProcess } from "./this-process.ts";

describe("the owner of a lock", () => {
  test("is not gone while it runs, even where /proc does not show it", () => {
    expect(isGone(thisProcess())).toBe(false);
    expect(isGoneBy(thisProcess(), () => undefined)).toBe(false);
    expect(isGoneBy({ ...thisProcess(), pid: 1 }, () => undefined)).toBe(false);
  });

  test("is gone when its process has ended, or its pid is another's", () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    expect(isGone({ ...thisProcess(), pid })).toBe(true);
    expect(isGone({ ...thisProcess(), startTicks: "1" })).toBe(true);
  });

  test("is not known to be gone when it ran elsewhere, or is no process", () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    expect(isGone({ ...thisProcess(), pid, bootId: "another" })).toBe(false);
    expect(isGone({ ...thisProcess(), pid, pidNamespace: "pid:[1]" })).toBe(false);
    expect(isGone({ ...thisProcess(), pid: 0 })).toBe(false);
  });
});
