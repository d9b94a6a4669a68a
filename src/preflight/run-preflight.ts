import { FactReader } from "../engine/fact-reader.ts";
import type { HostName, Hosts } from "../hosts/port.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import type { CheckOutcome, PreflightCheck, PreflightContext } from "./check.ts";
import { foldFindings } from "./fold-findings.ts";
import { preflightChecks } from "./preflight-checks.ts";
import type { CheckReport, PreflightReport } from "./preflight-report.ts";

/** What of preflight is run, and on which hosts. */
export interface PreflightOptions {
  readonly signal?: AbortSignal;
  /** Hosts to ask; all of the cluster unless given. Checks that compare hosts compare these. */
  readonly only?: readonly HostName[];
  /**
   * Whether checks that measure may write their temporary file. `plan` says false: it changes nothing, and they are
   * reported as skipped.
   */
  readonly measure: boolean;
  /** Whether a run that goes as far as the control plane comes next; false unless given. */
  readonly isForKubernetes?: boolean;
}

/**
 * Asks the hosts everything that should be known before anything is changed on them, and judges it. Findings are data;
 * hosts that cannot be reached are listed, not thrown. Throws only when it is aborted, or for a bug.
 *
 * All questions about a host itself cost one round trip, those between hosts one or two more, the measurement one.
 */
export async function runPreflight(
  spec: ClusterSpec,
  hosts: Hosts,
  options: PreflightOptions,
): Promise<PreflightReport> {
  const unreachable = new Map<HostName, Problem>();
  const context = contextOf(spec, hosts, options, unreachable);
  const reports = await Promise.all(preflightChecks.map((check) => report(check, context, options)));
  const findings = reports.flatMap((one) => one.findings);
  return {
    cluster: spec.name,
    hosts: context.hosts.filter(({ name }) => !unreachable.has(name)).length,
    checks: reports,
    unreachable: context.hosts.flatMap(({ name }) => {
      const problem = unreachable.get(name);
      return problem === undefined ? [] : [{ host: name, problem }];
    }),
    errors: findings.filter((one) => one.severity === "error").length,
    warnings: findings.filter((one) => one.severity === "warning").length,
  };
}

async function report(
  check: PreflightCheck,
  context: PreflightContext,
  options: PreflightOptions,
): Promise<CheckReport> {
  const outcome: CheckOutcome =
    check.measures === true && !options.measure
      ? { state: "skipped", because: "it writes a temporary file; slipway preflight runs it" }
      : await check.run(context);
  if (outcome.state === "skipped") {
    return { name: check.name, state: "skipped", because: outcome.because, findings: [] };
  }
  const reason = context.spec.preflight.downgrade.find((one) => one.check === check.name)?.reason;
  const findings = foldFindings(check.name, outcome.findings, reason);
  const isFailed = findings.some((one) => one.severity === "error");
  const state = isFailed ? "failed" : findings.length > 0 ? "warning" : "passed";
  return { name: check.name, state, because: outcome.because, findings };
}

function contextOf(
  spec: ClusterSpec,
  hosts: Hosts,
  { only, signal, isForKubernetes = false }: PreflightOptions,
  unreachable: Map<HostName, Problem>,
): PreflightContext {
  const reader = new FactReader(hosts, signal ?? new AbortController().signal);
  return {
    spec,
    hosts: only === undefined ? spec.hosts : spec.hosts.filter((host) => only.includes(host.name)),
    isForKubernetes,
    fact: (host, fact) => reader.factOf(host, fact),
    clockOffset: (host) => hosts.session(host).clockOffset(),
    change: (host, change) => hosts.session(host).change(change, signal),
    unreachable(host, error) {
      if (error instanceof ProblemError && !unreachable.has(host)) unreachable.set(host, error.problem);
    },
  };
}
