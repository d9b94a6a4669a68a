import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { loadCluster } from "./load-cluster.ts";

const root = join(import.meta.dirname, "../..");
const texts = [
  "examples/minimal/cluster.yaml",
  "examples/production/cluster.yaml",
  "test/cases/cluster-files/every-field.txt",
].map((path) => readFileSync(join(root, path), "utf8"));

/** Loads, and holds every problem to a place inside the file. */
function expectLocated(content: string | Uint8Array): void {
  const loaded = loadCluster(content, "cluster.yaml");
  const text = (typeof content === "string" ? content : Buffer.from(content).toString("utf8")).replace(/^\uFEFF/, "");
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  for (const problem of "problems" in loaded ? loaded.problems : loaded.warnings) {
    const source = problem.where?.source;
    if (source === undefined) throw new Error(`${problem.code} has no place`);
    const line = lines[source.line - 1];
    if (line === undefined) throw new Error(`${problem.code} is on line ${source.line} of ${lines.length}`);
    expect(source.column).toBeGreaterThanOrEqual(1);
    expect(source.column - 1 + source.length).toBeLessThanOrEqual(line.length);
    expect(problem.code).toMatch(/^config\/[a-z-]+$/);
    for (const words of [problem.message, problem.because, problem.hint?.text]) {
      expect(words ?? "").not.toMatch(/undefined|\[object|NaN is|^$/);
    }
  }
}

/** What fuzzers and tired people put into YAML. */
const hostileText = fc.oneof(
  fc.constantFrom(
    "",
    "\n",
    "\r",
    "\r\n",
    "\t",
    " ",
    ":",
    ": ",
    "- ",
    "-",
    "? ",
    "|",
    ">",
    "|+\n",
    "'",
    '"',
    "#",
    "&a ",
    "*a",
    "!",
    "!!binary ",
    "!!js/function ",
    "%YAML 1.1\n",
    "---\n",
    "...\n",
    "[",
    "]",
    "{",
    "}",
    ",",
    "<<: *a",
    "<<",
    "~",
    "null",
    "yes",
    "0x1F",
    "0o17",
    "1e999",
    ".nan",
    ".inf",
    "-.inf",
    "2026-01-02",
    "__proto__",
    "constructor: {}",
    "\\",
    "\0",
    "\u0085",
    "\u2028",
    "\uFEFF",
    "\u202E",
    "\ud800",
    "$(id)",
    "; rm -rf /",
    "-oProxyCommand=id",
    "99999999999999999999",
    "😀",
  ),
  fc.string({ maxLength: 20, unit: "binary" }),
  fc.string({ maxLength: 20 }),
);

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    hostileText,
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(hostileText, fc.constantFrom("name", "address", "roles")), tie("value"), { maxKeys: 3 }),
  ),
})).value;

describe("any file gives a spec or located problems", () => {
  test("when text is cut out, put in or put in place of other text", () => {
    const edit = fc.record({ at: fc.nat(), length: fc.oneof(fc.constant(0), fc.nat({ max: 60 })), text: hostileText });
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 }), (text, edits) => {
        const broken = edits.reduce((current, { at, length, text: inserted }) => {
          const start = at % (current.length + 1);
          return current.slice(0, start) + inserted + current.slice(start + length);
        }, text);
        expectLocated(broken);
      }),
      { numRuns: 150 },
    );
  });

  test("when any node is removed or becomes something else", () => {
    const document = parseDocument(texts[2] ?? "").toJS() as unknown;
    const paths = pathsOf(document, []);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.option(value), fc.boolean(), (path, replacement, isRemoved) => {
        const changed = parseDocument(texts[2] ?? "");
        if (isRemoved) changed.deleteIn(path);
        else changed.setIn(path, replacement);
        expectLocated(changed.toString());
      }),
      { numRuns: 150 },
    );
  });

  test("when lines are dropped, doubled or swapped", () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(fc.nat(), { maxLength: 30 }), (text, picks) => {
        const lines = text.split("\n");
        for (const pick of picks) {
          const at = pick % lines.length;
          if (pick % 3 === 0) lines.splice(at, 1);
          else if (pick % 3 === 1) lines.splice(at, 0, lines[at] ?? "");
          else lines.push(...lines.splice(at, 2).reverse());
        }
        expectLocated(lines.join("\n"));
      }),
      { numRuns: 100 },
    );
  });

  test("when bytes are random, or a file with random bytes in it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.option(fc.nat()), (bytes, at) => {
        const file = Buffer.from(texts[0] ?? "");
        const start = at === null ? 0 : at % file.length;
        expectLocated(at === null ? bytes : Buffer.concat([file.subarray(0, start), bytes, file.subarray(start)]));
      }),
      { numRuns: 150 },
    );
  });
});

function pathsOf(node: unknown, path: readonly (string | number)[]): (readonly (string | number)[])[] {
  if (typeof node !== "object" || node === null) return [path];
  const keys = Array.isArray(node) ? [...node.keys()] : Object.keys(node);
  const below = keys.flatMap((key) => pathsOf((node as Record<string | number, unknown>)[key], [...path, key]));
  return path.length === 0 ? below : [path, ...below];
}
