import type { HostName } from "../hosts/port.ts";
import type { Problem } from "../problems/problem.ts";

/** Equal findings of several hosts, as one problem. Its code is `preflight/<check>`. */
export interface FoldedFinding {
  readonly check: string;
  readonly severity: "error" | "warning";
  /** Empty when it is about the cluster. */
  readonly hosts: readonly HostName[];
  readonly problem: Problem;
  /** The reason of the cluster file, when an error is only a warning because of it. */
  readonly downgraded?: string;
}

/** How one check ended. */
export interface CheckReport {
  readonly name: string;
  readonly state: "passed" | "warning" | "failed" | "skipped";
  /** What was looked at when it passed, why not when it was skipped. */
  readonly because: string;
  readonly findings: readonly FoldedFinding[];
}

/** What preflight found. Plain data. */
export interface PreflightReport {
  readonly cluster: string;
  /** How many hosts answered. */
  readonly hosts: number;
  readonly checks: readonly CheckReport[];
  readonly unreachable: readonly { readonly host: HostName; readonly problem: Problem }[];
  readonly errors: number;
  readonly warnings: number;
}

/** The errors of a report: why apply refuses to start. */
export function preflightErrors(report: PreflightReport): readonly Problem[] {
  const findings = report.checks.flatMap((check) => check.findings);
  return findings.filter((one) => one.severity === "error").map((one) => one.problem);
}
