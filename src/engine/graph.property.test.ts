import fc from "fast-check";
import { expect, test } from "vitest";
import { type ToyStep, toyStep } from "../../test/support/toy-steps.ts";
import { ProblemError } from "../problems/problem.ts";
import { validateGraph } from "./graph.ts";

/** Edges between up to 25 steps, in any direction: some graphs have cycles. */
const anyGraph = fc
  .tuple(fc.integer({ min: 1, max: 25 }), fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 60 }))
  .map(([count, pairs]) => {
    const after = new Map<number, string[]>();
    for (const [from, to] of pairs) after.set(from % count, [...(after.get(from % count) ?? []), `s${to % count}`]);
    return Array.from({ length: count }, (_, index) => toyStep(`s${index}`, "h", after.get(index) ?? []));
  });

test("every graph is ordered by its dependencies, or refused naming a real cycle", () => {
  const seen = { ordered: 0, cycles: 0 };
  fc.assert(
    fc.property(anyGraph, (steps) => {
      const byId = new Map(steps.map((step) => [String(step.id), step]));
      try {
        const place = new Map(validateGraph(steps).order.map((step, index) => [step.id, index]));
        expect(place.size).toBe(steps.length);
        for (const step of steps)
          for (const id of step.after) expect(place.get(id)).toBeLessThan(place.get(step.id) ?? -1);
        seen.ordered += 1;
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        expect(error.problem.code).toBe("engine/cycle");
        expectRealCycle(error.problem.because ?? "", byId);
        seen.cycles += 1;
      }
    }),
    { numRuns: 500 },
  );
  expect(seen.ordered).toBeGreaterThan(20);
  expect(seen.cycles).toBeGreaterThan(20);
});

function expectRealCycle(text: string, byId: ReadonlyMap<string, ToyStep>): void {
  const names = text.split(" after ");
  expect(names.length).toBeGreaterThan(1);
  expect(names[0]).toBe(names.at(-1));
  for (const [index, name] of names.slice(0, -1).entries()) {
    const next = names[index + 1];
    if (name.startsWith("...") || next?.startsWith("...")) continue;
    expect(byId.get(name)?.after).toContain(next);
  }
}
