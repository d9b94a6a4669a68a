import type { Fact } from "../facts/fact.ts";
import type { CommandResult, HostChange, HostName } from "../hosts/port.ts";
import type { Evidence, Hint } from "../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../spec/cluster-spec.ts";

/** One thing a check found, about one host or (without one) about the cluster. */
export interface Finding {
  readonly severity: "error" | "warning";
  readonly host?: HostName;
  /** Without the host's name, so that equal findings of many hosts fold into one: "fewer cores than a worker needs". */
  readonly message: string;
  /** What was found, wanted and the limit. */
  readonly because: string;
  readonly hint: Hint;
  readonly evidence?: Evidence;
}

/** What a check came to. */
export type CheckOutcome =
  /** `because` says what was looked at; it is shown when there is nothing to complain about. */
  | { readonly state: "judged"; readonly findings: readonly Finding[]; readonly because: string }
  /** It does not apply here, or cannot be asked. */
  | { readonly state: "skipped"; readonly because: string };

/** What a check works with. It reads; only a check that says `measures` may change something, and cleans it up. */
export interface PreflightContext {
  readonly spec: ClusterSpec;
  /** The hosts that are asked: all of the cluster, or the ones preflight was limited to. */
  readonly hosts: readonly HostSpec[];
  /** A run that goes as far as the control plane comes next: what only Kubernetes minds stops it. */
  readonly isForKubernetes: boolean;
  /** A fact about a host. Asked once; facts asked for in the same turn share a round trip. */
  fact<T>(host: HostName, fact: Fact<T>): Promise<T>;
  clockOffset(host: HostName): Promise<{ readonly seconds: number; readonly uncertaintySeconds: number }>;
  /** For checks that measure only. */
  change(host: HostName, change: HostChange): Promise<CommandResult>;
  /** Records that a host could not be asked; it is reported once, whatever the number of checks. */
  unreachable(host: HostName, error: unknown): void;
}

/** One preflight check. Its name is stable: it is printed, documented and can be downgraded in the cluster file. */
export interface PreflightCheck {
  readonly name: string;
  /** What it asks, as a noun phrase for the documentation: "CPU cores per role". */
  readonly asks: string;
  /** True when it writes a temporary file to measure: not run by plan. */
  readonly measures?: boolean;
  run(context: PreflightContext): Promise<CheckOutcome>;
}
