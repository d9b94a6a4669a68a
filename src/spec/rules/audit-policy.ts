import { isAlias, isMap, isSeq } from "yaml";
import { parseDocument } from "../yaml/parse-document.ts";
import { showValue } from "../yaml/show-value.ts";
import type { Rule } from "./rule.ts";

const path = ["spec", "kubernetes", "apiServer", "audit", "policy"] as const;

/** https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/#audit-policy (2026-11-21) */
const levels: readonly unknown[] = ["None", "Metadata", "Request", "RequestResponse"];

/** A policy of the user's own is one that an API server can read: what else is in its rules, only that can judge. */
export const auditPolicy: Rule = ({ kubernetes }, report) => {
  const policy = kubernetes?.apiServer.audit.policy;
  const because = policy === undefined ? undefined : whyUnreadable(policy);
  if (because === undefined) return;
  report.error("config/invalid-value", path, {
    message: "spec.kubernetes.apiServer.audit.policy is not an audit policy",
    because: `${because}; an API server with a policy it cannot read does not start`,
    hint: { text: "mend it, or remove it to have Slipway's" },
  });
};

function whyUnreadable(text: string): string | undefined {
  const { contents, findings } = parseDocument(text);
  const [finding] = findings;
  if (finding !== undefined) return `it is not valid YAML (${finding.words().because})`;
  if (!isMap(contents)) return "it is not a mapping";
  for (const [field, wanted] of [
    ["apiVersion", "audit.k8s.io/v1"],
    ["kind", "Policy"],
  ] as const) {
    const found: unknown = contents.get(field);
    if (found !== wanted) return `its ${field} is ${showValue(found)}`;
  }
  const rules = contents.get("rules", true);
  if (isAlias(rules)) return undefined;
  if (!isSeq(rules) || rules.items.length === 0) return "it has no rules";
  for (const [index, rule] of rules.items.entries()) {
    if (isAlias(rule)) continue;
    if (!isMap(rule)) return `rule ${index + 1} is not a mapping`;
    const level: unknown = rule.get("level");
    if (!levels.includes(level)) return `the level of rule ${index + 1} is ${showValue(level)}`;
  }
  return undefined;
}
