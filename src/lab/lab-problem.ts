import type { Evidence, Hint, Problem } from "../problems/problem.ts";

/** What can go wrong with a lab: the second half of its problem code. */
export type LabProblemName =
  | "not-linux"
  | "not-root"
  | "missing-capability"
  | "no-control-groups"
  | "no-overlay"
  | "overlay-on-overlay"
  | "no-network"
  | "no-address-translation"
  | "missing-programs"
  | "not-enough-disk"
  | "not-enough-memory"
  | "bad-definition"
  | "subnet-in-use"
  | "already-there"
  | "busy"
  | "unknown"
  | "unknown-machine"
  | "image-not-made"
  | "machine-not-ready"
  | "machine-off"
  | "command-failed"
  | "not-removed";

/** An error of the lab, as data. */
export function labProblem(
  name: LabProblemName,
  message: string,
  more: { readonly because?: string; readonly hint?: Hint; readonly host?: string; readonly evidence?: Evidence } = {},
): Problem {
  const { host, ...rest } = more;
  return {
    code: `lab/${name}`,
    severity: "error",
    message,
    ...rest,
    ...(host === undefined ? {} : { where: { host } }),
  };
}
