import { describe, expect, test, vi } from "vitest";
import { elapsedClock, systemClock } from "./clock.ts";

describe("the clock of this computer", () => {
  test("tells what it is set to, forward and back, since certificates and the cluster lock are judged by others' clocks", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      for (const at of ["2026-11-21T08:00:00.000Z", "2026-11-28T08:00:00.000Z", "2026-11-21T08:00:01.000Z"]) {
        vi.setSystemTime(at);
        expect(systemClock.now().toISOString()).toBe(at);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  test("counts what has passed whatever it is set to, and never backwards", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const before = systemClock.elapsedMs();
      vi.setSystemTime(Date.now() + 7 * 24 * 3600_000);
      const between = systemClock.elapsedMs();
      vi.setSystemTime(0);
      const after = systemClock.elapsedMs();
      expect(between).toBeGreaterThanOrEqual(before);
      expect(after).toBeGreaterThanOrEqual(between);
      expect(after - before).toBeLessThan(24 * 3600_000);
    } finally {
      vi.useRealTimers();
    }
  });

  test("counts the sleep of the computer, and not the grain of its uptime", () => {
    let [monotonicMs, uptimeMs] = [50, 900_000];
    const elapsedMs = elapsedClock(
      () => monotonicMs,
      () => uptimeMs,
    );
    const pass = (awakeMs: number, upMs: number): number => {
      monotonicMs += awakeMs;
      uptimeMs += upMs;
      return elapsedMs();
    };
    expect(pass(0, 0)).toBe(50);
    expect(pass(1000, 1010)).toBe(1050);
    expect(pass(4, 0)).toBe(1054);
    expect(pass(6, 600_000)).toBe(601_060);
    expect(pass(500, 500)).toBe(601_560);
  });
});
