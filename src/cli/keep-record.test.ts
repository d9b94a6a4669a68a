import { expect, test } from "vitest";
import { type Problem, ProblemError } from "../problems/problem.ts";
import { keepRecord } from "./keep-record.ts";

const full: Problem = { code: "state/cannot-write", severity: "error", message: "/as-run.md: cannot be written" };

test.each([
  [0, 4],
  [1, 1],
  [4, 4],
  [5, 5],
  [6, 6],
  [130, 130],
] as const)(
  "a run that ended with %i and cannot be written down ends with %i, and says why",
  async (code, expected) => {
    const failing = () => Promise.reject(new ProblemError(full));
    expect(await keepRecord(code, failing)).toEqual({ code: expected, problems: [full] });
    expect(await keepRecord(code, () => Promise.resolve())).toEqual({ code, problems: [] });
  },
);
