import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Problem } from "../problems/problem.ts";
import { loadCluster } from "./load-cluster.ts";

/** See test/cases/cluster-files/README.md. */
interface Case {
  readonly title: string;
  readonly whole?: string;
  readonly change?: Readonly<Record<string, string>>;
  readonly add?: string;
  readonly host?: string;
  readonly crlf?: boolean;
  /** Code and words of each problem; nothing else may be reported. */
  readonly expect?: readonly string[];
  /** The same where a broken text has followers nobody can foresee: these must be among the problems. */
  readonly loose?: readonly string[];
}

const root = join(import.meta.dirname, "../..");
const folder = join(root, "test/cases/cluster-files");
const base = readFileSync(join(folder, "base.txt"), "utf8");

function replaceOnce(text: string, old: string, replacement: string): string {
  const parts = text.split(old);
  if (parts.length !== 2) throw new Error(`${JSON.stringify(old)} is in the file ${parts.length - 1} times`);
  return parts.join(replacement);
}

function markedText(one: Case): string {
  let text = one.whole ?? base;
  for (const [old, replacement] of Object.entries(one.change ?? {})) text = replaceOnce(text, old, replacement);
  if (one.add !== undefined) {
    text = text.replace("spec:\n", () => `spec:\n${(one.add ?? "").replace(/^/gm, "  ")}\n`);
  }
  if (one.host !== undefined) text = `${text}    - ${one.host}\n`;
  return one.crlf === true ? text.replaceAll("\n", "\r\n") : text;
}

interface Mark {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** Takes the marks out, and says where they stood. A mark over several lines counts to the end of the first. */
function unmark(marked: string): { text: string; marks: Mark[] } {
  const marks: Mark[] = [];
  let text = "";
  let start = 0;
  for (const part of marked.split(/([«»])/)) {
    if (part === "«") start = text.length;
    else if (part === "»") {
      const before = text.slice(0, start).replace("\uFEFF", "").split("\n");
      const [firstLine = ""] = text.slice(start).split("\n");
      marks.push({ line: before.length, column: (before.at(-1) ?? "").length + 1, length: firstLine.length });
    } else text += part;
  }
  return { text, marks };
}

function wordsOf(problem: Problem): string {
  return [problem.message, problem.because, problem.hint?.text, problem.hint?.command].join("\n");
}

const files = globSync("*.yaml", { cwd: folder }).sort();

test("there are at least 200 broken files", () => {
  const count = files.flatMap((file) => parse(readFileSync(join(folder, file), "utf8")) as Case[]).length;
  expect(count).toBeGreaterThanOrEqual(200);
});

describe.each(files)("%s", (file) => {
  const cases = parse(readFileSync(join(folder, file), "utf8")) as Case[];
  test.each(cases.map((one) => [one.title, one] as const))("%s", (_title, one) => {
    const { text, marks } = unmark(markedText(one));
    const loaded = loadCluster(text, "cluster.yaml");
    const problems = "problems" in loaded ? loaded.problems : loaded.warnings;
    const wanted = one.expect ?? one.loose ?? [];
    if (one.expect !== undefined) {
      expect(problems.map((problem) => problem.code)).toEqual(wanted.map((text) => text.split(" ")[0]));
      expect(
        problems.map(({ where }) => ({
          line: where?.source?.line,
          column: where?.source?.column,
          length: where?.source?.length,
        })),
      ).toEqual(marks);
    }
    for (const text of wanted) {
      const [code, ...words] = text.split(" ");
      const found = problems.filter((problem) => problem.code === code);
      expect(found.map(wordsOf).join("\n")).toContain(words.join(" "));
      expect(found.length).toBeGreaterThan(0);
    }
  });
});
