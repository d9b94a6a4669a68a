import { expect, test } from "vitest";
import { type Problem, ProblemError } from "./problem.ts";
import { problemsOf, withMoreProblems } from "./problems-of.ts";

const locked: Problem = {
  code: "engine/locked",
  severity: "error",
  message: "cluster toy: another run is changing it",
};
const full: Problem = { code: "state/cannot-write", severity: "error", message: "/runs: cannot be written" };

test("what goes wrong at the end stands behind what went wrong first, and hides nothing", () => {
  expect(withMoreProblems(new ProblemError(locked), [full])).toMatchObject({ problems: [locked, full] });
  const bug = new Error("oh");
  expect(withMoreProblems(bug, [full])).toBe(bug);
});

test("problems are told, and bugs are thrown", async () => {
  expect(await problemsOf(() => Promise.resolve())).toEqual([]);
  expect(await problemsOf(() => Promise.reject(new ProblemError([full, locked])))).toEqual([full, locked]);
  await expect(problemsOf(() => Promise.reject(new Error("oh")))).rejects.toThrow("oh");
});
