import { describe, expect, test } from "vitest";
import type { Answer } from "../hosts/port.ts";
import { planReads } from "../hosts/read-batch.ts";
import { ProblemError } from "../problems/problem.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";

interface Said {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly truncated?: boolean;
}

function answer(exitCode: number, { stdout = "", stderr = "", truncated = false }: Said = {}): Answer {
  const [out, err] = [Buffer.from(stdout), Buffer.from(stderr)];
  return { kind: "result", exitCode, stdout: out, stderr: err, truncated, durationMs: 1 };
}

function problemWith(one: Answer | undefined) {
  try {
    return fileAmong("swap-areas", "/proc/swaps", one);
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
}

describe("a file among those grep was asked for", () => {
  const stdout = "/proc/uptime:1.00 2.00\n/proc/swaps:Filename\n/proc/swaps:/dev/sda2: x\n";
  const stderr =
    "ERROR: ld.so: object 'x.so' from LD_PRELOAD cannot be preloaded: ignored.\n" +
    "grep: warning: GREP_OPTIONS is deprecated; please use an alias or script\n" +
    "grep: /proc/none: No such file or directory\ngrep: /etc/passwd/x: Not a directory\n" +
    "grep: /root/secret: Permission denied\n";
  const all = answer(2, { stdout, stderr });

  test("has its own lines and no others", () => {
    expect(fileAmong("swap-areas", "/proc/swaps", all)).toEqual({
      kind: "content",
      bytes: Buffer.from("Filename\n/dev/sda2: x\n"),
      truncated: false,
    });
  });

  test("is empty, missing or unreadable by what grep says of it", () => {
    expect(fileAmong("x", "/etc/empty", all)).toMatchObject({ kind: "content", bytes: Buffer.alloc(0) });
    expect(fileAmong("x", "/proc/none", all)).toEqual({ kind: "missing", exists: false });
    expect(fileAmong("x", "/etc/passwd/x", all)).toEqual({ kind: "missing", exists: false });
    expect(fileAmong("x", "/root/secret", all)).toEqual({ kind: "unreadable", because: "Permission denied" });
  });

  test("is unreadable when it broke off, and not as long as what was read", () => {
    const broken = answer(2, { stdout: "/proc/swaps:Filename\n", stderr: "grep: /proc/swaps: Input/output error\n" });
    expect(fileAmong("x", "/proc/swaps", broken)).toEqual({ kind: "unreadable", because: "Input/output error" });
  });

  test.each([
    ["there is no grep", answer(127, { stderr: "sh: 1: grep: not found\n" }), "it ended with exit code 127"],
    ["it was killed", answer(137, { stdout }), "it ended with exit code 137"],
    ["it is too long", answer(0, { stdout, truncated: true }), "it is longer than what is kept of an answer"],
    ["it is something else", answer(0, { stdout: "hello\n" }), 'line "hello" is not PATH:LINE'],
    ["it has no colon", answer(0, { stdout: "/proc\n" }), 'line "/proc" is not PATH:LINE'],
    [
      "it could not be written",
      answer(2, { stderr: "grep: write error: No space left on device\n" }),
      "grep says: write error: No space left on device",
    ],
    ["it failed without a word", answer(2), "it ended with exit code 2 without saying why"],
    [
      "it is no command's",
      { kind: "missing", exists: false } as const,
      'the answer is "missing", not the result of a command',
    ],
    ["there is none", undefined, 'the answer is "absent", not the result of a command'],
  ])("is not understood when %s", (_, one, because) => {
    expect(problemWith(one)).toMatchObject({
      code: "host/output-not-understood",
      message: "fact \"swap-areas\" cannot be read from the answer to grep -aH -e '' -- /proc/swaps",
      because,
    });
  });

  test("is not asked for by a path that cannot be told from a line", () => {
    for (const path of ["/a:b", "/a\nb", "relative", "-", ""]) expect(() => linesOfFiles([path])).toThrow();
  });

  test("costs no process where others are asked for, too", () => {
    const reads = [linesOfFiles(["/proc/swaps"]), linesOfFiles(["/proc/uptime", "/proc/swaps"])];
    expect(planReads("cp-1", reads, 1000).commands.map(({ shown }) => shown)).toEqual([
      "grep -aH -e '' -- /proc/swaps /proc/uptime",
    ]);
  });
});
