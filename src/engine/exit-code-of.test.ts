import { describe, expect, test } from "vitest";
import type { Problem, ProblemCode } from "../problems/problem.ts";
import { exitCodeOfRefusal, exitCodeOfRun } from "./exit-code-of.ts";
import type { RunResult } from "./run-options.ts";
import type { StepId } from "./step.ts";

const problem = (code: ProblemCode, severity: Problem["severity"] = "error"): Problem => ({
  code,
  severity,
  message: code,
});

function result(outcome: "failed" | "unverified" | "refused", codes: readonly ProblemCode[], applied = 1): RunResult {
  const failed = codes.map((_, index) => `s${index}` as StepId);
  const problems = codes.map((code) => problem(code));
  return {
    run: "r",
    outcomes: new Map(failed.map((id, index) => [id, { outcome, problem: problems[index] ?? problem("engine/bug") }])),
    applied,
    changing: applied,
    satisfied: 0,
    failed,
    notStarted: 0,
    cancelled: 0,
    problems,
    durationMs: 1,
  };
}

describe("the exit code", () => {
  test("of a run follows what stopped it", () => {
    expect(exitCodeOfRun(result("failed", []))).toBe(0);
    expect(exitCodeOfRun({ ...result("failed", []), problems: [problem("engine/lock-left", "warning")] })).toBe(0);
    expect(exitCodeOfRun(result("failed", ["host/command-failed"]))).toBe(4);
    expect(exitCodeOfRun(result("failed", ["engine/bug", "host/command-failed"]))).toBe(1);
    expect(exitCodeOfRun(result("failed", ["ssh/unreachable", "ssh/connection-lost"], 0))).toBe(5);
    expect(exitCodeOfRun(result("failed", ["ssh/unreachable", "ssh/connection-lost"], 1))).toBe(4);
    expect(exitCodeOfRun({ ...result("failed", ["ssh/connection-lost"], 0), changing: 1 })).toBe(4);
    expect(exitCodeOfRun({ ...result("refused", ["etcd/quorum-at-risk"], 0), changing: 1 })).toBe(4);
    expect(exitCodeOfRun({ ...result("failed", [], 0), cancelled: 1 })).toBe(4);
    expect(exitCodeOfRun(result("unverified", ["engine/not-verified"]))).toBe(6);
    expect(exitCodeOfRun(result("refused", ["etcd/quorum-at-risk"], 0))).toBe(3);
    expect(exitCodeOfRun(result("refused", ["etcd/quorum-at-risk"], 1))).toBe(4);
    expect(exitCodeOfRun({ ...result("failed", ["host/x"]), interrupted: "leave-now" })).toBe(130);
  });

  test("of a refusal follows the worst problem", () => {
    expect(exitCodeOfRefusal([problem("engine/locked")])).toBe(3);
    expect(exitCodeOfRefusal([problem("ssh/unreachable")])).toBe(5);
    expect(exitCodeOfRefusal([problem("ssh/unreachable"), problem("etcd/quorum-at-risk")])).toBe(3);
    expect(exitCodeOfRefusal([problem("usage/unknown-host")])).toBe(2);
    expect(exitCodeOfRefusal([problem("engine/cycle"), problem("usage/unknown-host")])).toBe(1);
  });
});
