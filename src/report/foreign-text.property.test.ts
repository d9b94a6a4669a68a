import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runWith } from "../../test/support/sample-run.ts";
import { Screen } from "../../test/support/screen.ts";
import { jsonLines } from "./json-lines.ts";
import { liveTerminal } from "./live-terminal.ts";
import { plainLines } from "./plain-lines.ts";
import { runSummary, tallyOf } from "./run-summary.ts";

const foreign = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("\u001b", "[", "2", "J", "m", "\n", "\r", "\t", "\u009b", "\u202e", "a", "文", " "),
  }),
);
const steering = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

function expectCalm(text: string): void {
  for (const line of text.split("\n")) expect(line).not.toMatch(steering);
}

describe("text from hosts, files and users", () => {
  test("does not steer the reader of plain lines", () => {
    fc.assert(
      fc.property(foreign, (text) => {
        const out: string[] = [];
        const view = plainLines({ write: (line) => out.push(line) }, { verbose: true, timestamps: true });
        for (const event of runWith(text)) view.event(event);
        expectCalm(out.join(""));
      }),
    );
  });

  test("does not steer the reader of JSON lines", () => {
    fc.assert(
      fc.property(foreign, (text) => {
        const out: string[] = [];
        const view = jsonLines({ write: (line) => out.push(line) });
        for (const event of runWith(text)) view.event(event);
        expectCalm(out.join(""));
        expect(out.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(runWith(text))));
      }),
    );
  });

  test("does not steer the reader of a summary, of any width", () => {
    fc.assert(
      fc.property(foreign, fc.integer({ min: 1, max: 150 }), (text, width) => {
        expectCalm(runSummary(tallyOf(runWith(text)), { colors: false, width, command: () => text }));
      }),
    );
  });

  test("reaches the live view only as text", () => {
    fc.assert(
      fc.property(foreign, fc.integer({ min: 1, max: 150 }), fc.integer({ min: 1, max: 30 }), (text, columns, rows) => {
        // The screen refuses every sequence that drawing the view does not need.
        const screen = new Screen(columns, rows);
        const view = liveTerminal(screen, { colors: true, now: () => Date.UTC(2025, 0, 1, 12, 0, 5) });
        for (const event of runWith(text)) view.event(event);
        screen.emit("resize");
        view.close();
        expectCalm(screen.shown());
      }),
      { numRuns: 50 },
    );
  });
});
