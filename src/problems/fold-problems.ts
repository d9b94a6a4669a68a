import { foldedNames } from "./fold-names.ts";
import { hostPattern } from "./host-pattern.ts";
import type { Problem } from "./problem.ts";

/** Stands for the host's own name while problems of several hosts are compared; cannot occur in a host name. */
const mark = "\u0000";
const maxReasons = 5;

/** Stands for an address while reasons of several hosts are compared. */
const addressMark = "\u0001";
/** "root@10.0.0.1 port 2222", "10.0.0.1:22", "[2001:db8::1]:22", "root@cp-1.example.com", and ssh's own "connect to host 10.0.0.1 port 22". */
const address =
  /(?<=\bhost )[\w.:%-]+ port \d+|(?<![\w.])(?:[\w.-]+@)?(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:.]+\]|(?<=@)[\w.-]*\w)(?::\d+| port \d+)?(?!\w)/gi;

/** Connections fail for one cause at many addresses; other problems are about the addresses they name. */
function isAtAnyAddress({ code }: Problem): boolean {
  return code.startsWith("ssh/");
}

function withMark(text: string, host: string | undefined): string {
  return host === undefined || host === "" ? text : text.replaceAll(hostPattern(host), mark);
}

interface Reason {
  readonly hosts: string[];
  /** With the host's name marked, as it was given first; undefined when it was given with several addresses. */
  text: string | undefined;
}

interface Group {
  readonly first: Problem;
  readonly message: string;
  readonly hosts: Set<string>;
  /** The hint's command with the host's name marked; undefined when it differs in more than that. */
  command: string | undefined;
  /** Reason, with the host's name and addresses marked, to the hosts that gave it. */
  readonly reasons: Map<string, Reason>;
}

/**
 * Merges problems that differ only in the host, so that 500 hosts with one trouble read as one problem with a list of
 * hosts. Different reasons are kept, with the hosts they are about; evidence is that of the first. Order is kept.
 */
export function foldProblems(problems: readonly Problem[]): Problem[] {
  const groups = new Map<string, Group>();
  for (const problem of problems) {
    const host = problem.where?.host;
    const anywhere = isAtAnyAddress(problem);
    const message = withMark(problem.message, host);
    const command = problem.hint?.command === undefined ? undefined : withMark(problem.hint.command, host);
    const key = JSON.stringify([
      problem.code,
      problem.severity,
      message,
      problem.hint && [withMark(problem.hint.text, host), anywhere ? "" : (command ?? "")],
      problem.where?.source,
      host === undefined,
    ]);
    let group = groups.get(key);
    if (group === undefined) {
      group = { first: problem, message, hosts: new Set(), command, reasons: new Map() };
      groups.set(key, group);
    }
    if (host !== undefined) group.hosts.add(host);
    if (group.command !== command) group.command = undefined;
    const text = withMark(problem.because ?? "", host);
    const reasonKey = anywhere ? text.replaceAll(address, addressMark) : text;
    const reason = group.reasons.get(reasonKey);
    if (reason === undefined) {
      group.reasons.set(reasonKey, { hosts: host === undefined ? [] : [host], text });
      continue;
    }
    if (host !== undefined) reason.hosts.push(host);
    if (reason.text !== text) reason.text = undefined;
  }
  return [...groups.values()].map(merge);
}

/** From here on a list of names also says how many it is of. */
const countedFrom = 9;

function merge({ first, message, hosts, reasons, command }: Group): Problem {
  if (hosts.size <= 1 && reasons.size <= 1) return first;
  const folded = foldedNames(hosts, 8);
  const names = hosts.size < countedFrom ? folded : `${folded} (${hosts.size} hosts)`;
  const because = mergeReasons(reasons);
  const hint = first.hint && {
    text: withMark(first.hint.text, first.where?.host).replaceAll(mark, "<host>"),
    // When it differs in more than the host's name, that of the first host is an example.
    ...(first.hint.command === undefined
      ? {}
      : { command: command === undefined ? first.hint.command : command.replaceAll(mark, "<host>") }),
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

function mergeReasons(reasons: ReadonlyMap<string, Reason>): string {
  const entries = [...reasons].flatMap(([key, { hosts, text }]) =>
    key === "" ? [] : [{ hosts, reason: text ?? key.replaceAll(addressMark, "<address>") }],
  );
  const [only] = entries;
  if (entries.length === 1 && reasons.size === 1 && only !== undefined) return only.reason.replaceAll(mark, "<host>");
  const lines = entries.slice(0, maxReasons).map(({ reason, hosts }) => {
    const names = foldedNames(hosts, 4);
    const text = reason.replaceAll(mark, hosts.length === 1 ? names : "<host>");
    return hosts.length === 0 ? text : `${names}: ${text}`;
  });
  const left = entries.slice(maxReasons).reduce((sum, { hosts }) => sum + Math.max(1, hosts.length), 0);
  return [...lines, ...(left > 0 ? [`and ${left} more with reasons of their own`] : [])].join("\n");
}
