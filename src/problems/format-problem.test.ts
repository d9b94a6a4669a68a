import { describe, expect, test } from "vitest";
import { memberProblem } from "../../test/support/sample-run.ts";
import { formatProblem } from "./format-problem.ts";
import { formatProblems } from "./format-problems.ts";
import type { Problem, SourceRange } from "./problem.ts";

const plain = { colors: false, width: 80 };
const problem = (more: Partial<Problem> = {}): Problem => ({
  code: "config/unknown-key",
  severity: "error",
  message: "hosts[1].adress: is not a key of a host",
  ...more,
});
const at = (more: Partial<SourceRange>): Problem =>
  problem({ where: { source: { file: "cluster.yaml", line: 12, column: 5, length: 6, ...more } } });

describe("a problem as text", () => {
  test("has message, code, step, reason, hint with command, and evidence", () => {
    expect(formatProblem(memberProblem, plain)).toBe(
      [
        "cp-2: has not become a voting member                     etcd/member-not-started",
        "  where    step etcd.member.join/cp-2",
        "  because  it was 1,200 entries behind after 60 s; the limit is 60 s",
        "  hint     look at the disk of cp-2, then go on",
        "             slipway apply",
        "  ran      etcdctl member promote 8e9e05c52164694d (exit 1, 41 s)",
        "           Error: can only promote a learner member which is in sync with leader",
      ].join("\n"),
    );
  });

  test("underlines the place in the file", () => {
    expect(formatProblem(at({ text: "    adress: 10.0.0.1" }), plain)).toBe(
      [
        "hosts[1].adress: is not a key of a host                       config/unknown-key",
        "  at       cluster.yaml:12:5",
        "           12 |     adress: 10.0.0.1",
        "              |     ^^^^^^",
      ].join("\n"),
    );
  });

  test.each([
    ["tabs before the range", { text: "\tname: cp-1", column: 2, length: 4 }, "    name: cp-1", "    ^^^^"],
    ["wide characters", { text: "名前: ホスト", column: 5, length: 3 }, "名前: ホスト", "      ^^^^^^"],
    ["an empty range", { text: "name:", column: 6, length: 0 }, "name:", "     ^"],
    ["a range longer than the line", { text: "name: x", column: 7, length: 400 }, "name: x", "      ^"],
    ["control characters", { text: "a\u001b[1m: x", column: 1, length: 2 }, "a\\x1b[1m: x", "^^^^^"],
    ["a column far outside", { text: "ab", column: 90, length: 3 }, "ab", "  ^"],
  ])("underlines with %s", (_what, range, line, carets) => {
    const lines = formatProblem(at(range), plain).split("\n");
    expect(lines.slice(2)).toEqual([`           12 | ${line}`, `              | ${carets}`]);
  });

  test("cuts a long line around the range", () => {
    const text = `${"a".repeat(500)}HERE${"b".repeat(500)}`;
    const lines = formatProblem(at({ text, column: 501, length: 4 }), plain).split("\n");
    expect(lines.slice(2)).toEqual([
      `           12 | …${"a".repeat(29)}HERE${"b".repeat(29)}…`,
      `              | ${" ".repeat(30)}^^^^`,
    ]);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("wraps to a narrow terminal, but leaves commands whole", () => {
    const hint = { text: "record the key that the administrator gave you", command: "slipway hosts trust cp-1 --all" };
    expect(formatProblem(problem({ hint }), { colors: false, width: 40 })).toBe(
      [
        "hosts[1].adress: is not a key of a host",
        "                      config/unknown-key",
        "  hint     record the key that the",
        "           administrator gave you",
        "             slipway hosts trust cp-1 --all",
      ].join("\n"),
    );
  });

  test("says that a warning is one, and the host that the message leaves out", () => {
    const text = formatProblem(
      problem({ severity: "warning", message: "disk is slow", where: { host: "cp-1" } }),
      plain,
    );
    expect(text.split("\n")).toEqual([
      "disk is slow                                        config/unknown-key (warning)",
      "  where    cp-1",
    ]);
  });

  test("uses colours only when asked", () => {
    expect(formatProblem(memberProblem, plain)).not.toContain("\u001b");
    expect(formatProblem(memberProblem, { colors: true, width: 80 })).toContain("\u001b[31m");
  });
});

describe("a list of problems", () => {
  const unreachable = (host: string, because: string): Problem => ({
    code: "ssh/unreachable",
    severity: "error",
    message: `${host}: does not answer`,
    because,
    hint: { text: "try the connection", command: `ssh ${host} true` },
    where: { host },
  });

  test("is empty for none, and has no count for one", () => {
    expect(formatProblems([], plain)).toBe("");
    expect(formatProblems([problem()], plain)).toBe(formatProblem(problem(), plain));
  });

  test("puts errors first and counts at the end", () => {
    const warning = problem({ severity: "warning", message: "clock is 2 s ahead" });
    expect(formatProblems([warning, problem()], { ...plain, notStarted: 12 })).toBe(
      [
        formatProblem(problem(), plain),
        formatProblem(warning, plain),
        "2 problems: 1 error, 1 warning; 12 steps did not start because of these",
      ].join("\n\n"),
    );
  });

  test("merges one trouble of many hosts and keeps their reasons", () => {
    const problems = [1, 2, 3, 4].map((n) => unreachable(`w-${n}`, n < 4 ? "port 22 timed out" : "port 22 refused"));
    expect(formatProblems(problems, plain)).toBe(
      [
        "w-1..4: does not answer                                          ssh/unreachable",
        "  because  w-1..3: port 22 timed out",
        "           w-4: port 22 refused",
        "  hint     try the connection",
        "             ssh <host> true",
        "",
        "4 problems",
      ].join("\n"),
    );
  });

  test("says in one problem that 500 hosts cannot be reached at their addresses for one cause", () => {
    const addressed = (n: number): Problem => ({
      ...unreachable(
        `w-${n}`,
        `root@10.0.${n >> 8}.${n % 256} port ${n}: ssh: connect to host 10.0.${n >> 8}.${n % 256} port 22: Connection timed out`,
      ),
      hint: { text: "this must work", command: `ssh root@10.0.${n >> 8}.${n % 256} true` },
    });
    const problems = Array.from({ length: 500 }, (_, n) => addressed(n + 1));
    expect(formatProblems(problems, { ...plain, width: 90 })).toBe(
      [
        "w-1..500 (500 hosts): does not answer                                      ssh/unreachable",
        "  because  <address>: ssh: connect to host <address>: Connection timed out",
        "  hint     this must work",
        "             ssh root@10.0.0.1 true",
        "",
        "500 problems",
      ].join("\n"),
    );
    expect(formatProblems([addressed(1), addressed(1)], plain)).toContain("root@10.0.0.1 port 1");
    const scattered = formatProblems(
      problems.filter((_, n) => n % 2 === 0),
      plain,
    );
    expect(scattered).toContain("w-1, w-3, w-5, w-7, w-9, w-11, w-13, w-15 and 242 more (250 hosts): does not\nanswer");
  });

  test("keeps the addresses of problems that are about addresses", () => {
    const taken = (n: number): Problem => ({
      ...unreachable(`w-${n}`, `10.0.0.${n} is taken`),
      code: "host/taken" as const,
    });
    expect(formatProblems([taken(1), taken(2)], plain)).toContain("w-2: 10.0.0.2 is taken");
  });

  test("stays short with 5,000 reasons", () => {
    const problems = Array.from({ length: 5000 }, (_, n) => unreachable(`w-${n}`, `reason ${n}`));
    const lines = formatProblems(problems, plain).split("\n");
    expect(lines.length).toBeLessThan(15);
    expect(lines).toContain("           and 4995 more with reasons of their own");
  });

  test("does not merge different troubles of one host", () => {
    const other: Problem = { ...unreachable("w-1", "x"), message: "w-1: has a changed host key" };
    const text = formatProblems([unreachable("w-1", "x"), other], plain);
    expect(text).toContain("w-1: does not answer");
    expect(text).toContain("w-1: has a changed host key");
  });
});
