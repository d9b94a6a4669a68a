import { describe, expect, test } from "vitest";
import { interruptsOf } from "./interrupts.ts";

describe("the signals of a run", () => {
  test("a closed terminal only ever lets the run finish what it is doing", () => {
    using interrupt = interruptsOf(() => undefined);
    process.emit("SIGHUP");
    process.emit("SIGHUP");
    expect([interrupt.finishRunning.aborted, interrupt.leaveNow.aborted]).toEqual([true, false]);
    process.emit("SIGINT");
    expect(interrupt.leaveNow.aborted).toBe(true);
  });

  test("Ctrl-C twice leaves, and tells of the first once", () => {
    let first = 0;
    const before = process.listenerCount("SIGINT");
    {
      using interrupt = interruptsOf(() => (first += 1));
      process.emit("SIGINT");
      expect([interrupt.finishRunning.aborted, interrupt.leaveNow.aborted]).toEqual([true, false]);
      process.emit("SIGINT");
      expect(interrupt.leaveNow.aborted).toBe(true);
    }
    expect(first).toBe(1);
    expect(process.listenerCount("SIGINT")).toBe(before);
  });
});
