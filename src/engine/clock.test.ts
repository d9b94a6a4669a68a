import { describe, expect, test } from "vitest";
import { steadyClock } from "./clock.ts";

describe("the clock of this computer", () => {
  test("goes on when it is set back, so that no wait becomes longer and nothing ends before it began", () => {
    let [wallMs, monotonicMs] = [1_000_000, 50];
    const clock = steadyClock(
      () => wallMs,
      () => monotonicMs,
    );
    const pass = (wall: number, monotonic: number): number => {
      wallMs += wall;
      monotonicMs += monotonic;
      return clock.now().getTime();
    };
    expect(pass(0, 0)).toBe(1_000_000);
    expect(pass(1000, 1000)).toBe(1_001_000);
    expect(pass(-3_600_000 + 500, 500)).toBe(1_001_500);
    expect(pass(500, 500)).toBe(1_002_000);
    // A computer that slept: the lock must be seen to be old.
    expect(pass(600_000, 1)).toBe(1_602_000);
    // A clock that is slewed, or read between two of its ticks, is the truth.
    expect(pass(0, 0.9)).toBe(1_602_000);
  });
});
