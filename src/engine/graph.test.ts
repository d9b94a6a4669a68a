import { describe, expect, test } from "vitest";
import { stepId, toyStep } from "../../test/support/toy-steps.ts";
import { ProblemError } from "../problems/problem.ts";
import { validateGraph } from "./graph.ts";

function codesOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof ProblemError) return error.problems.map((one) => `${one.code} ${one.message}`);
    throw error;
  }
  return [];
}

describe("a graph of steps", () => {
  test("is ordered so that each step comes after its dependencies, and otherwise stays as given", () => {
    const graph = validateGraph([toyStep("c", "h", ["a", "b"]), toyStep("b", "h"), toyStep("a", "h", ["b"])]);
    expect(graph.order.map((step) => step.id)).toEqual(["b", "a", "c"]);
    expect(graph.dependents.get(stepId("b"))).toEqual(["c", "a"]);
  });

  test("is refused with every duplicate and every unknown dependency at once", () => {
    const steps = [toyStep("a", "h"), toyStep("a", "h"), toyStep("b", "h", ["x", "y"])];
    expect(codesOf(() => validateGraph(steps))).toEqual([
      "engine/duplicate-step step a is there more than once",
      "engine/unknown-dependency step b comes after x, which is not in the plan",
      "engine/unknown-dependency step b comes after y, which is not in the plan",
    ]);
  });

  test("is refused when it has a cycle, which is named", () => {
    const steps = [toyStep("free", "h"), toyStep("a", "h", ["b"]), toyStep("b", "h", ["c"]), toyStep("c", "h", ["a"])];
    expect(() => validateGraph(steps)).toThrow(ProblemError);
    try {
      validateGraph(steps);
    } catch (error) {
      expect(error).toMatchObject({ problem: { code: "engine/cycle", because: "a after b after c after a" } });
    }
    expect(codesOf(() => validateGraph([toyStep("a", "h", ["a"])]))).toEqual(["engine/cycle step a waits for itself"]);
  });

  test("bears a dependency named twice, and one that was left out on purpose", () => {
    const steps = [toyStep("a", "h"), toyStep("b", "h", ["a", "a", "out"])];
    const graph = validateGraph(steps, new Set([stepId("out")]));
    expect(graph.order.map((step) => step.id)).toEqual(["a", "b"]);
  });

  test("may be a chain of 12,000 steps", () => {
    const steps = Array.from({ length: 12_000 }, (_, n) => toyStep(`s${n}`, "h", n === 0 ? [] : [`s${n - 1}`]));
    expect(validateGraph(steps.reverse()).order[0]?.id).toBe("s0");
  });
});
