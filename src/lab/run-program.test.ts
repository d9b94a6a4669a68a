import { describe, expect, test } from "vitest";
import { ProblemError } from "../problems/problem.ts";
import { runProgram } from "./run-program.ts";

async function problemOf(work: Promise<unknown>) {
  const error = await work.catch((reason: unknown) => reason);
  if (error instanceof ProblemError) return error.problem;
  throw new Error("expected a ProblemError", { cause: error });
}

describe("running a program of this computer", () => {
  test("hands over input and arguments as they are", async () => {
    const result = await runProgram(["sh", "-c", 'cat; printf "%s" "$1"', "sh", "$(id) 'x'"], { input: "in " });
    expect(result).toEqual({ exitCode: 0, stdout: "in $(id) 'x'", stderr: "" });
  });

  test("a failure is a problem with the command, its exit code and its last lines", async () => {
    const problem = await problemOf(runProgram(["sh", "-c", "seq 1 100; echo broken >&2; exit 3"]));
    expect(problem).toMatchObject({ code: "lab/command-failed", because: "it ended with exit code 3: broken" });
    expect(problem.evidence?.exitCode).toBe(3);
    expect(problem.evidence?.lastLines).toHaveLength(20);
  });

  test("a program that does not exist ends with 127, as in a shell", async () => {
    const result = await runProgram(["slipway-no-such-program"], { okExitCodes: [127] });
    expect(result.exitCode).toBe(127);
    expect((await problemOf(runProgram(["slipway-no-such-program"]))).because).toContain("not found");
  });

  test("a program that takes too long is killed", async () => {
    expect((await problemOf(runProgram(["sleep", "60"], { timeoutMs: 50 }))).evidence?.exitCode).toBe(137);
  });

  test("a program that does not read its input is judged by its exit code", async () => {
    expect((await runProgram(["true"], { input: "x".repeat(1_000_000) })).exitCode).toBe(0);
  });
});
