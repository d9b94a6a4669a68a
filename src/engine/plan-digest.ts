import { createHash } from "node:crypto";
import type { Plan, PlannedStep } from "./plan.ts";

/**
 * SHA-256 over what a plan does: cluster, intention, spec, step ids, states and changes. When it was made, and the
 * reasons in words, are left out: they differ between two plans that do the same.
 */
export function planDigest(plan: Omit<Plan, "digest" | "madeAt">): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([plan.cluster, plan.intention, plan.specDigest]));
  for (const step of plan.steps.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
    hash.update(JSON.stringify([step.id, step.state, essence(step)]));
  for (const one of plan.unreachable.toSorted((a, b) => (a.host < b.host ? -1 : 1))) hash.update(`\n${one.host}`);
  return hash.digest("hex");
}

function essence(step: PlannedStep): unknown {
  switch (step.state) {
    case "satisfied":
      return null;
    case "needed":
      return step.changes.map(({ verb, what, from, to, diff }) => [verb, what, from ?? null, to ?? null, diff ?? null]);
    case "unknown":
      return step.until;
    case "refused":
      return step.problem.code;
  }
}
