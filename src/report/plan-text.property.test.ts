import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { neededStep, planOf, summaryOf } from "../../test/support/sample-run.ts";
import type { Change } from "../engine/step.ts";
import { groupPlan, hostMark } from "./plan-groups.ts";
import { planText } from "./plan-text.ts";

const steering = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
const host = fc.constantFrom("cp-1", "cp-2", "cp-10", "w-1", "etcd", "a.b");
const words = fc.oneof(
  fc.constantFrom("file /etc/hosts", "etcd member cp-1", "node w-1", "<host>", hostMark),
  fc.string(),
);
const change: fc.Arbitrary<Change> = fc.record(
  {
    verb: fc.constantFrom("create" as const, "update" as const, "delete" as const, "restart" as const, "run" as const),
    what: words,
    from: words,
    to: words,
    because: words,
    diff: fc.string({ unit: "binary" }),
  },
  { requiredKeys: ["verb", "what"] },
);
const step = fc
  .tuple(host, fc.constantFrom("a", "b"), fc.boolean(), fc.array(change, { minLength: 1, maxLength: 4 }))
  .map(([on, kind, named, changes]) =>
    neededStep(summaryOf(`${kind}/${on}`, named ? `Do ${kind} on ${on}` : `Do ${kind}`, kind, on), changes),
  );

describe("folding a plan", () => {
  test("loses no change of any host, and invents none", () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const wanted = steps.flatMap((one) =>
          one.state === "needed" ? one.changes.map((each) => JSON.stringify([one.phase, one.on, each])) : [],
        );
        const found = groupPlan(planOf(steps)).flatMap(({ phase, steps: groups }) =>
          groups.flatMap((group) =>
            group.changes.flatMap(({ change: each, members, what }) =>
              members.map((on) =>
                JSON.stringify([
                  phase,
                  on,
                  { ...each, what: what.replaceAll(hostMark, on).replaceAll("\u0002", hostMark) },
                ]),
              ),
            ),
          ),
        );
        expect(found.sort()).toEqual(wanted.map(sameKeys).sort());
      }),
    );
  });

  test("prints every host and nothing that steers the terminal", () => {
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 1, max: 160 }), (steps, width) => {
        const text = planText(planOf(steps), { colors: false, width, diff: "full" });
        for (const line of text.split("\n")) expect(line).not.toMatch(steering);
        for (const one of steps) expect(text).toContain(one.on);
      }),
    );
  });
});

/** Keys in the order in which the test above builds them. */
function sameKeys(json: string): string {
  const [phase, on, each] = JSON.parse(json);
  return JSON.stringify([phase, on, each]);
}
