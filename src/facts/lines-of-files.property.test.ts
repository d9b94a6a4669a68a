import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { grepLines } from "../../test/support/grep-lines.ts";
import { localHost, localHosts, localShells } from "../../test/support/local-shells.ts";
import type { Answer, CommandResult } from "../hosts/port.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";

const shells = localShells();
afterAll(() => {
  for (const shell of shells) shell.remove();
});

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "slipway-lines-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The answer of this computer's own grep, run as a host runs it. */
function ask(paths: readonly string[]): CommandResult {
  const read = linesOfFiles(paths);
  if (read.kind !== "run") throw new Error("not a command");
  const [program = "", ...words] = [...read.argv, ...(read.operands ?? [])];
  const { status, stdout, stderr } = spawnSync(program, words, { env: { ...process.env, LC_ALL: "C" } });
  return { kind: "result", exitCode: status ?? -1, stdout, stderr, truncated: false, durationMs: 1 };
}

function contentOf(path: string, answer: Answer): Buffer | undefined {
  const file = fileAmong("thing", path, answer);
  return file.kind === "content" ? file.bytes : undefined;
}

/** Text with what could be mistaken for grep's own: paths, colons, line breaks, messages. */
const pieces = fc.constantFrom(
  "\n",
  "\n\n",
  ":",
  "/",
  "a",
  "b",
  "/tmp",
  "grep: ",
  "-",
  "--",
  " ",
  "\t",
  "\r",
  "\\",
  "é",
  "\u2028",
);
const name = fc.stringMatching(/^[A-Za-z0-9 _.@*\\'"é[\]-]{1,12}$/).filter((one) => one !== "." && one !== "..");
const someText = fc
  .array(fc.oneof(pieces, fc.string({ unit: "binary" })), { maxLength: 12 })
  .map((all) => all.join(""));

describe("the lines of files", () => {
  test("come back as they are in the files, whatever they hold and whatever else is asked for", () => {
    fc.assert(
      fc.property(fc.dictionary(name, someText, { minKeys: 1, maxKeys: 6, noNullPrototype: true }), (files) => {
        const folder = mkdtempSync(join(dir, "x-"));
        const texts = Object.entries(files).map(
          ([file, text]) => [join(folder, file), text.replaceAll("\0", "")] as const,
        );
        for (const [path, text] of texts) writeFileSync(path, text);
        const answer = ask([...texts.map(([path]) => path), join(folder, "nothing-of-this-name")]);
        for (const [path, text] of texts) {
          expect(contentOf(path, answer)?.toString("utf8")).toBe(
            text === "" || text.endsWith("\n") ? text : `${text}\n`,
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  test("keep bytes that are no text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const path = join(dir, "bytes");
        writeFileSync(path, bytes);
        const wanted = Buffer.from(bytes);
        const found = contentOf(path, ask([path]));
        const end = wanted.length === 0 || wanted.at(-1) === 10 ? [] : [10];
        expect(found).toEqual(Buffer.concat([wanted, Buffer.from(end)]));
      }),
      { numRuns: 60 },
    );
  });

  test("of fake hosts are given as the real grep gives them", () => {
    const texts = new Map([
      ["plain", "a:b\nc\n"],
      ["open-ended", "a\n\nb"],
      ["empty", ""],
      ["a line break", "\n"],
      ["binary", "a\0\xff\n"],
      ["é", "é\n"],
    ]);
    const files = new Map([...texts].map(([file, text]) => [join(dir, file), text]));
    for (const [path, text] of files) writeFileSync(path, text);
    mkdirSync(join(dir, "folder"));
    const fileAt = (path: string) =>
      path === join(dir, "folder") ? { unreadable: "Is a directory" } : files.get(path);
    const all = [...files.keys(), join(dir, "missing"), join(dir, "folder")];
    for (const paths of [all, [...files.keys()], [join(dir, "empty")], [join(dir, "missing")], [join(dir, "folder")]]) {
      const { exitCode, stdout, stderr } = ask(paths);
      expect(grepLines(paths, fileAt)).toEqual({ exitCode, stdout, stderr: stderr.toString("utf8") });
    }
  });
});

// With busybox comes its own grep.
test.each(shells.map((shell) => [shell.name, shell] as const))("a session over %s brings them", async (_, shell) => {
  const hosts = localHosts(shell.open);
  try {
    const [plain, empty, none] = ["plain", "empty", "none"].map((file) => join(dir, file)) as [string, string, string];
    writeFileSync(plain, "a:b\n\n\xff");
    writeFileSync(empty, "");
    const reads = [plain, empty, none, "/proc/uptime"].map((path) => linesOfFiles([path]));
    const [first, second, third, fourth] = await hosts.session(localHost).read(reads);
    expect(fileAmong("x", plain, first)).toMatchObject({ bytes: Buffer.from("a:b\n\n\xff\n") });
    expect(fileAmong("x", empty, second)).toMatchObject({ bytes: Buffer.alloc(0) });
    expect(fileAmong("x", none, third)).toEqual({ kind: "missing", exists: false });
    expect(String(fourth && contentOf("/proc/uptime", fourth))).toMatch(/^\d+\.\d\d \d+\.\d\d\n$/);
    expect(new Set([first, second, third, fourth]).size).toBe(1);
  } finally {
    await hosts.close();
  }
});
