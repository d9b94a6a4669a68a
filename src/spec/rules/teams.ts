import { suggest } from "../suggest.ts";
import type { Rule } from "./rule.ts";

/** Teams have members, work in namespaces the file has, and are nobody Kubernetes itself is. */
export const teams: Rule = ({ teams: all, namespaces }, report) => {
  const firsts = new Map<string, number>();
  for (const [index, team] of (all ?? []).entries()) {
    const path = ["spec", "teams", index];
    const first = firsts.get(team.name);
    if (first === undefined) firsts.set(team.name, index);
    else {
      report.error("config/duplicate-team", [...path, "name"], {
        message: `team ${team.name} is there twice`,
        because: `the first one is on ${report.placeOf(["spec", "teams", first, "name"])}`,
        hint: { text: "give the second one another name; a team has one role" },
      });
    }
    if (team.groups.length + team.users.length === 0) {
      report.error("config/team-without-members", [...path, "name"], {
        message: `team ${team.name} has no members`,
        because: "groups and users are empty",
        hint: { text: "add groups: [...], with the prefix of their issuer" },
      });
    }
    for (const field of ["groups", "users"] as const) {
      for (const [at, name] of team[field].entries()) {
        if (!name.startsWith("system:")) continue;
        report.error("config/reserved-subject", [...path, field, at], {
          message: `team ${team.name} cannot have ${name}`,
          because: "names that start with system: are Kubernetes' own users and groups",
          hint: { text: "name people and groups of your identity provider" },
        });
      }
    }
    if (namespaces === undefined) continue;
    const known = namespaces.map((one) => one.name);
    for (const [at, namespace] of team.namespaces.entries()) {
      if (known.includes(namespace)) continue;
      const near = suggest(namespace, known);
      report.error("config/unknown-namespace", [...path, "namespaces", at], {
        message: `team ${team.name} works in a namespace that spec.namespaces does not have`,
        because: `found ${namespace}; spec.namespaces has ${known.length === 0 ? "none" : known.join(", ")}`,
        hint: { text: near === undefined ? `add { name: ${namespace} } to spec.namespaces` : `did you mean ${near}` },
      });
    }
  }
};
