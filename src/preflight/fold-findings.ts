import type { HostName } from "../hosts/port.ts";
import type { Problem } from "../problems/problem.ts";
import type { Finding } from "./check.ts";
import type { FoldedFinding } from "./preflight-report.ts";

/** So many hosts are named in one line; the rest are a number. All are in the data. */
const hostsNamed = 4;
/** So many different reasons of one finding are shown. */
const reasonsShown = 3;

/** Makes equal findings of several hosts one, and errors that the cluster file downgrades warnings with its reason. */
export function foldFindings(
  check: string,
  findings: readonly Finding[],
  downgradedBecause: string | undefined,
): readonly FoldedFinding[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = [finding.severity, finding.host === undefined, finding.message, finding.hint.text].join("\u0000");
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].map((group) => fold(check, group, downgradedBecause));
}

function fold(check: string, group: readonly Finding[], downgradedBecause: string | undefined): FoldedFinding {
  const [first] = group;
  if (first === undefined) throw new RangeError("a group of findings has at least one");
  const hosts = group.flatMap((one) => (one.host === undefined ? [] : [one.host]));
  const isDowngraded = first.severity === "error" && downgradedBecause !== undefined;
  const severity = isDowngraded ? "warning" : first.severity;
  const [only] = hosts;
  const problem: Problem = {
    code: `preflight/${check}`,
    severity,
    message: hosts.length === 0 ? first.message : `${namesOf(hosts)}: ${first.message}`,
    because: reasons(group),
    hint: first.hint,
    ...(hosts.length === 1 && only !== undefined ? { where: { host: only } } : {}),
    ...(first.evidence === undefined ? {} : { evidence: first.evidence }),
  };
  return { check, severity, hosts, problem, ...(isDowngraded ? { downgraded: downgradedBecause } : {}) };
}

function namesOf(hosts: readonly HostName[]): string {
  const named = hosts.length <= hostsNamed + 1 ? hosts : hosts.slice(0, hostsNamed);
  const left = hosts.length - named.length;
  return left === 0 ? named.join(", ") : `${named.join(", ")} and ${left} more`;
}

/** One reason when all hosts have the same; else which host has which, up to a few. */
function reasons(group: readonly Finding[]): string {
  const distinct = [...new Set(group.map((one) => one.because))];
  if (distinct.length === 1 && distinct[0] !== undefined) return distinct[0];
  const shown = distinct.slice(0, reasonsShown).map((because) => {
    const host = group.find((one) => one.because === because)?.host;
    return host === undefined ? because : `${host}: ${because}`;
  });
  const left = distinct.length - shown.length;
  return `${shown.join("; ")}${left === 0 ? "" : `; and ${left} more like it`}`;
}
