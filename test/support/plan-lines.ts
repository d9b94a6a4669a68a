import type { Plan } from "../../src/engine/plan.ts";

/** "cp-1: file /etc/hosts", sorted; a step that is refused or cannot be known by its id. */
export function named(plan: Plan): readonly string[] {
  const lines = plan.steps.flatMap((step) => {
    if (step.state === "satisfied") return [];
    return step.state === "needed"
      ? step.changes.map(({ what }) => `${step.on}: ${what}`)
      : [`${step.state} ${step.id}`];
  });
  return lines.map((line) => line.replace(/^cluster: (virtual IP) .*/, "cluster: $1")).sort();
}
