import type { HostName } from "../hosts/port.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import type { HostSpec } from "../spec/cluster-spec.ts";
import type { CheckOutcome, Finding, PreflightContext } from "./check.ts";

/** What hosts answered: a value for each that could be asked, and a finding for each whose answer made no sense. */
export interface HostAnswers<T> {
  readonly values: ReadonlyMap<HostName, T>;
  readonly findings: readonly Finding[];
}

/**
 * Asks hosts at the same time. A host that cannot be reached is recorded in the context and left out; an answer that is
 * not understood becomes a warning, because a check that cannot be made has not failed, but has not passed either.
 */
export async function askHosts<T>(
  context: PreflightContext,
  hosts: readonly HostSpec[],
  ask: (host: HostSpec) => Promise<T>,
): Promise<HostAnswers<T>> {
  const values = new Map<HostName, T>();
  const findings: Finding[] = [];
  await Promise.all(
    hosts.map(async (host) => {
      try {
        values.set(host.name, await ask(host));
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        if (error.problem.code.startsWith("ssh/")) context.unreachable(host.name, error);
        else findings.push(unanswered(host.name, error.problem));
      }
    }),
  );
  // Hosts answer in any order; the report has one order.
  const ordered = hosts.flatMap(({ name }) => (values.has(name) ? [[name, values.get(name) as T] as const] : []));
  return { values: new Map(ordered), findings };
}

/** Judges each host by itself. `because` says what was looked at. */
export async function judgeHosts(
  context: PreflightContext,
  hosts: readonly HostSpec[],
  because: string,
  judge: (host: HostSpec) => Promise<readonly Omit<Finding, "host">[]>,
): Promise<CheckOutcome> {
  if (hosts.length === 0) return { state: "skipped", because: "no host has a role it is about" };
  const answers = await askHosts(context, hosts, judge);
  if (answers.values.size === 0 && answers.findings.length === 0) {
    return { state: "skipped", because: "no host it is about could be reached" };
  }
  const found = [...answers.values].flatMap(([host, ones]) => ones.map((one) => ({ ...one, host })));
  return { state: "judged", because, findings: [...found, ...answers.findings] };
}

function unanswered(host: HostName, problem: Problem): Finding {
  return {
    severity: "warning",
    host,
    message: "this could not be found out",
    because: [problem.message, problem.because].filter((text) => text !== undefined).join(": "),
    hint: problem.hint ?? { text: "run the command shown on the host and see why it answers differently" },
    ...(problem.evidence === undefined ? {} : { evidence: problem.evidence }),
  };
}
