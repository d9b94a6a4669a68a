import type { HostName } from "../hosts/port.ts";
import { foldedNames } from "../problems/fold-names.ts";
import type { Problem } from "../problems/problem.ts";
import type { Finding } from "./check.ts";
import type { FoldedFinding } from "./preflight-report.ts";

/** So many names or ranges of hosts are in one line; the rest are a number. All are in the data. */
const namesShown = 6;
/** So many different reasons of one finding are shown, each with so many hosts it is about. */
const reasonsShown = 3;
const namesPerReason = 3;

/**
 * Makes equal findings of several hosts one, and errors that the cluster file downgrades warnings with its reason.
 * Errors come first.
 */
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
  const folded = [...groups.values()].map((group) => fold(check, group, downgradedBecause));
  const isError = (one: FoldedFinding) => one.severity === "error";
  return [...folded.filter(isError), ...folded.filter((one) => !isError(one))];
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
    message: hosts.length === 0 ? first.message : `${foldedNames(hosts, namesShown)}: ${first.message}`,
    because: reasons(group),
    hint: first.hint,
    ...(hosts.length === 1 && only !== undefined ? { where: { host: only } } : {}),
    ...(first.evidence === undefined ? {} : { evidence: first.evidence }),
  };
  return { check, severity, hosts, problem, ...(isDowngraded ? { downgraded: downgradedBecause } : {}) };
}

/** One reason when all hosts have the same; else which hosts have which, up to a few. */
function reasons(group: readonly Finding[]): string {
  const byReason = new Map<string, HostName[]>();
  for (const { because, host } of group) {
    byReason.set(because, [...(byReason.get(because) ?? []), ...(host === undefined ? [] : [host])]);
  }
  const [only] = byReason.keys();
  if (byReason.size === 1 && only !== undefined) return only;
  const shown = [...byReason].slice(0, reasonsShown).map(([because, hosts]) => {
    return hosts.length === 0 ? because : `${foldedNames(hosts, namesPerReason)}: ${because}`;
  });
  const left = byReason.size - shown.length;
  return `${shown.join("; ")}${left === 0 ? "" : `; and ${left} more like it`}`;
}
