import type { Rule } from "./rule.ts";

/** A check is downgraded once, so that there is one reason. */
export const preflightDowngrades: Rule = ({ preflight }, report) => {
  const firsts = new Map<string, number>();
  for (const [index, { check }] of (preflight?.downgrade ?? []).entries()) {
    const first = firsts.get(check);
    if (first === undefined) {
      firsts.set(check, index);
      continue;
    }
    report.error("config/listed-twice", ["spec", "preflight", "downgrade", index, "check"], {
      message: `preflight check ${check} is downgraded twice`,
      because: `the first one is on ${report.placeOf(["spec", "preflight", "downgrade", first, "check"])}`,
      hint: { text: "keep one, with the reason that holds" },
    });
  }
};
