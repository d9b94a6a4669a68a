import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { displayWidth, headOf, truncateMiddle, truncateText } from "./display-width.ts";
import { compareNames, foldedNames, foldNames } from "./fold-names.ts";
import { foldProblems } from "./fold-problems.ts";
import { formatProblem } from "./format-problem.ts";
import { formatProblems } from "./format-problems.ts";
import { printableLines, printableOutput, printableText } from "./printable-text.ts";
import type { Problem } from "./problem.ts";
import { wrapText } from "./wrap-text.ts";

const foreign = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("\u001b", "[", "3", "1", "m", "\n", "\r", "\t", "\u009b", "\u202e", "a", "文", "é", " "),
  }),
);
const steering = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u200b]/u;

describe("printable text", () => {
  test("never holds a character that steers a terminal", () => {
    fc.assert(
      fc.property(foreign, (text) => {
        expect(printableText(text)).not.toMatch(steering);
        for (const line of [...printableLines(text), ...printableOutput(text)]) expect(line).not.toMatch(steering);
      }),
    );
  });

  test("shows what it replaces, and drops only the colours of programs", () => {
    expect(printableText("a\u001b[31mb\nc\r\u009b\u202e\tz")).toBe("a\\x1b[31mb\\nc\\r\\x9b\\u{202e}    z");
    expect(printableOutput("\u001b[31mred\u001b[0m\r\nnext\u0007\n")).toEqual(["red", "next\\x07"]);
  });

  test("is cut to a width without exceeding it", () => {
    fc.assert(
      fc.property(foreign, fc.integer({ min: 1, max: 30 }), (text, width) => {
        const line = printableText(text);
        expect(displayWidth(truncateText(line, width))).toBeLessThanOrEqual(width);
        expect(displayWidth(truncateMiddle(line, width))).toBeLessThanOrEqual(width);
        expect(line.startsWith(headOf(line, width))).toBe(true);
      }),
    );
  });

  test("is wrapped without losing a word", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme-ascii" })), fc.integer({ min: 1, max: 40 }), (words, width) => {
        const text = words.join(" ");
        const lines = wrapText(text, width);
        expect(lines.join(" ").split(" ").filter(Boolean)).toEqual(text.split(" ").filter(Boolean));
        for (const line of lines)
          if (/ (?!s|ms|min|h|d|%|[KMGT])/.test(line)) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });

  test("keeps a number and its unit on one line", () => {
    expect(wrapText("it took 60 s and 512 MiB", 10)).toEqual(["it took", "60 s and", "512 MiB"]);
    expect(wrapText("名前名前名前", 5)).toEqual(["名前", "名前", "名前"]);
  });
});

describe("folded names", () => {
  const expand = (entry: string): string[] => {
    const match = /^(.*?)\[?(\d+)\.\.(\d+)\]?(\D*)$/.exec(entry);
    if (match === null) return [entry];
    const [, before = "", from = "", to = "", after = ""] = match;
    const width = from.startsWith("0") ? from.length : 0;
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => {
      return before + String(Number(from) + index).padStart(width, "0") + after;
    });
  };
  const name = fc
    .tuple(
      fc.constantFrom("w-", "cp-", "node", ""),
      fc.nat({ max: 30 }),
      fc.constantFrom("", ".example", "a"),
      fc.boolean(),
    )
    .map(([before, n, after, padded]) => `${before}${padded ? String(n).padStart(2, "0") : n}${after}`);

  test("lose no name and invent none", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(name, fc.constantFrom("a", "b"))), (names) => {
        const expected = [...new Set(names)].sort(compareNames);
        expect(foldNames(names).flatMap(expand).sort(compareNames)).toEqual(expected);
      }),
    );
  });

  test("read as people write them", () => {
    expect(foldNames(["w-2", "lb-2", "cp-1", "cp-3", "cp-2", "lb-1", "w-10"])).toEqual([
      "cp-1..3",
      "lb-1",
      "lb-2",
      "w-2",
      "w-10",
    ]);
    expect(foldNames(["n08.x", "n09.x", "n10.x"])).toEqual(["n[08..10].x"]);
    expect(foldedNames(["a", "w-1", "w-2", "w-3", "x", "y"], 2)).toBe("a, w-1..3 and 2 more");
  });
});

describe("any problem", () => {
  const problem: fc.Arbitrary<Problem> = fc.record(
    {
      code: foreign.map((text) => `etcd/${text}` as const),
      severity: fc.constantFrom("error" as const, "warning" as const),
      message: foreign,
      because: foreign,
      hint: fc.record({ text: foreign, command: foreign }),
      where: fc.record({
        host: foreign,
        step: foreign,
        source: fc.record({ file: foreign, line: fc.nat(), column: fc.nat(), length: fc.nat(), text: foreign }),
      }),
      evidence: fc.record({ command: foreign, exitCode: fc.option(fc.nat()), lastLines: fc.array(foreign) }),
    },
    { requiredKeys: ["code", "severity", "message"] },
  );

  test("prints without steering the terminal, at any width", () => {
    fc.assert(
      fc.property(fc.array(problem), fc.integer({ min: 1, max: 200 }), (problems, width) => {
        const text = formatProblems(problems, { colors: false, width });
        for (const line of text.split("\n")) expect(line).not.toMatch(steering);
      }),
    );
  });

  test("names every host after merging", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 200 }), { minLength: 1, maxLength: 8 }), (numbers) => {
        const hosts = numbers.map((n) => `h${n}x`);
        const problems = hosts.map(
          (host): Problem => ({
            code: "ssh/unreachable",
            severity: "error",
            message: `${host}: does not answer`,
            where: { host },
          }),
        );
        const [merged, ...others] = foldProblems(problems);
        expect(others).toEqual([]);
        const text = merged === undefined ? "" : formatProblem(merged, { colors: false, width: 100 });
        for (const entry of foldNames(hosts)) expect(text).toContain(entry);
      }),
    );
  });
});
