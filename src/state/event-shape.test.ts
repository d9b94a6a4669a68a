import { describe, expect, test } from "vitest";
import { sampleRun } from "../../test/support/sample-run.ts";
import { eventOf } from "./event-shape.ts";

const parsed: readonly unknown[] = sampleRun.map((event) => JSON.parse(JSON.stringify(event)));

describe("a line of a journal", () => {
  test("is an event as it was written, whatever else it says", () => {
    for (const event of parsed) {
      expect(eventOf(event)).toEqual(event);
      expect(eventOf({ ...(event as object), later: { version: 2 } })).toBeDefined();
    }
  });

  test("is none without its kind, run or time", () => {
    for (const event of parsed as readonly Record<string, unknown>[])
      for (const name of ["type", "at", "run", ...("outcome" in event ? ["outcome"] : [])])
        expect(eventOf({ ...event, [name]: undefined })).toBeUndefined();
  });

  test("is none with a value of another type in any field that is read", () => {
    let tried = 0;
    for (const event of parsed as readonly Record<string, unknown>[])
      for (const name of Object.keys(event)) {
        tried += 1;
        expect(eventOf({ ...event, [name]: { strange: true } })).toBeUndefined();
      }
    expect(tried).toBeGreaterThan(50);
  });

  test("is none when it is no object", () => {
    for (const value of [null, 5, "run-started", [], {}, { type: "run-started", at: 5 }, { type: "no-such-event" }])
      expect(eventOf(value)).toBeUndefined();
  });
});
