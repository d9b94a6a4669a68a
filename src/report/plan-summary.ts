import type { Plan } from "../engine/plan.ts";
import type { Problem } from "../problems/problem.ts";
import { changeKind, impactWords } from "./change-words.ts";
import { countOf } from "./count-of.ts";

const maxKinds = 6;

/** True when the plan changes nothing, knows everything and refuses nothing. Hosts may still have been unreachable. */
export function isEmptyPlan(plan: Plan): boolean {
  return plan.steps.every((step) => step.state === "satisfied");
}

/** A step that could not be checked because of a host that is listed as not reached anyway: no root cause of its own. */
export function isAboutUnreached({ unreachable }: Plan, problem: Problem): boolean {
  return problem.code.startsWith("ssh/") && unreachable.some((one) => one.host === problem.where?.host);
}

/**
 * The last lines of a plan. The first has the counts, "37 changes on 7 hosts: 12 files, 5 packages; 2 services restart;
 * 3 steps known later"; one more for each impact that calls for attention.
 */
export function planSummary(plan: Plan): string[] {
  const hosts = new Set(plan.steps.map((step) => step.on));
  hosts.delete("cluster");
  const unreachable = plan.unreachable.length;
  if (isEmptyPlan(plan)) {
    if (unreachable === 0)
      return [
        `Nothing to do: ${countOf(hosts.size, "host")} ${hosts.size === 1 ? "matches" : "match"} the cluster file`,
      ];
    if (hosts.size === 0) return [`No host answered: ${countOf(unreachable, "host")} not reached`];
    return [
      `Nothing to do on ${countOf(hosts.size, "host")} that answered; ${countOf(unreachable, "host")} did not answer`,
    ];
  }

  const changed = new Set<string>();
  const kinds = new Map<string, number>();
  const restarts = new Map<string, number>();
  const impacts = new Map<string, number>();
  const add = (counts: Map<string, number>, key: string): unknown => counts.set(key, (counts.get(key) ?? 0) + 1);
  let changes = 0;
  let others = 0;
  for (const step of plan.steps) {
    const attention = step.impact !== "none" && step.impact !== "restarts-component";
    if (attention && (step.state === "needed" || step.state === "unknown")) add(impacts, impactWords[step.impact]);
    if (step.state !== "needed") continue;
    changed.add(step.on);
    for (const change of step.changes) {
      changes++;
      const kind = changeKind(change);
      if (change.verb === "restart") add(restarts, kind ?? "component");
      else if (kind !== undefined) add(kinds, kind);
      else others++;
    }
  }
  const aboutCluster = changed.delete("cluster");
  const places = [
    ...(changed.size > 0 ? [countOf(changed.size, "host")] : []),
    ...(aboutCluster ? ["the cluster"] : []),
  ].join(" and ");

  const sorted = [...kinds].sort((left, right) => right[1] - left[1]);
  const named = sorted.slice(0, maxKinds).map(([kind, many]) => countOf(many, kind));
  others += sorted.slice(maxKinds).reduce((sum, [, many]) => sum + many, 0);
  if (others > 0) named.push(countOf(others, "other change"));

  const known = countOf(changes, "change") + (places === "" ? "" : ` on ${places}`);
  const parts = [named.length === 0 ? known : `${known}: ${named.join(", ")}`];
  for (const [kind, many] of restarts) parts.push(`${countOf(many, kind)} ${many === 1 ? "restarts" : "restart"}`);
  const later = plan.steps.filter((step) => step.state === "unknown").length;
  const refusals = plan.steps.flatMap((step) => (step.state === "refused" ? [step.problem] : []));
  const unasked = refusals.filter((problem) => isAboutUnreached(plan, problem)).length;
  const refused = refusals.length - unasked;
  if (later > 0) parts.push(`${countOf(later, "step")} known later`);
  if (unasked > 0) parts.push(`${countOf(unasked, "step")} not known`);
  if (refused > 0) parts.push(`${countOf(refused, "step")} refused`);
  if (unreachable > 0) parts.push(`${countOf(unreachable, "host")} not reached`);
  return [
    parts.join("; "),
    ...[...impacts].map(([words, many]) => {
      const verb = many === 1 ? words : words.replace(/^(\w+)s\b/, "$1");
      return `! ${countOf(many, "step")} ${verb}`;
    }),
  ];
}
