import { foldedNames } from "./fold-names.ts";
import { hostPattern } from "./host-pattern.ts";
import type { Problem } from "./problem.ts";

/** Stands for the host's own name while problems of several hosts are compared; cannot occur in a host name. */
const mark = "\u0000";
const maxReasons = 5;

function withMark(text: string, host: string | undefined): string {
  return host === undefined || host === "" ? text : text.replaceAll(hostPattern(host), mark);
}

interface Group {
  readonly first: Problem;
  readonly message: string;
  readonly hosts: Set<string>;
  /** Reason, with the host's name marked, to the hosts that gave it. */
  readonly reasons: Map<string, string[]>;
}

/**
 * Merges problems that differ only in the host, so that 500 hosts with one trouble read as one problem with a list of
 * hosts. Different reasons are kept, with the hosts they are about; evidence is that of the first. Order is kept.
 */
export function foldProblems(problems: readonly Problem[]): Problem[] {
  const groups = new Map<string, Group>();
  for (const problem of problems) {
    const host = problem.where?.host;
    const message = withMark(problem.message, host);
    const hint = problem.hint && [problem.hint.text, problem.hint.command ?? ""].map((text) => withMark(text, host));
    const key = JSON.stringify([
      problem.code,
      problem.severity,
      message,
      hint,
      problem.where?.source,
      host === undefined,
    ]);
    let group = groups.get(key);
    if (group === undefined) {
      group = { first: problem, message, hosts: new Set(), reasons: new Map() };
      groups.set(key, group);
    }
    if (host !== undefined) group.hosts.add(host);
    const reason = withMark(problem.because ?? "", host);
    const hosts = group.reasons.get(reason);
    if (hosts === undefined) group.reasons.set(reason, host === undefined ? [] : [host]);
    else if (host !== undefined) hosts.push(host);
  }
  return [...groups.values()].map(merge);
}

function merge({ first, message, hosts, reasons }: Group): Problem {
  if (hosts.size <= 1 && reasons.size <= 1) return first;
  const names = foldedNames(hosts, 8);
  const because = mergeReasons(reasons);
  const hint = first.hint && {
    text: withMark(first.hint.text, first.where?.host).replaceAll(mark, "<host>"),
    ...(first.hint.command === undefined
      ? {}
      : { command: withMark(first.hint.command, first.where?.host).replaceAll(mark, "<host>") }),
  };
  return {
    code: first.code,
    severity: first.severity,
    message: message.replaceAll(mark, names),
    ...(because === "" ? {} : { because }),
    ...(hint === undefined ? {} : { hint }),
    where: {
      ...(hosts.size === 0 ? {} : { host: names }),
      ...(first.where?.source === undefined ? {} : { source: first.where.source }),
    },
    ...(first.evidence === undefined ? {} : { evidence: first.evidence }),
  };
}

function mergeReasons(reasons: ReadonlyMap<string, readonly string[]>): string {
  const entries = [...reasons].filter(([reason]) => reason !== "");
  const [only] = entries;
  if (entries.length === 1 && reasons.size === 1 && only !== undefined) return only[0].replaceAll(mark, "<host>");
  const lines = entries.slice(0, maxReasons).map(([reason, hosts]) => {
    const names = foldedNames(hosts, 4);
    const text = reason.replaceAll(mark, hosts.length === 1 ? names : "<host>");
    return hosts.length === 0 ? text : `${names}: ${text}`;
  });
  const left = entries.slice(maxReasons).reduce((sum, [, hosts]) => sum + Math.max(1, hosts.length), 0);
  return [...lines, ...(left > 0 ? [`and ${left} more with reasons of their own`] : [])].join("\n");
}
