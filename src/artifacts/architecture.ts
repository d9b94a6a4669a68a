import { ProblemError } from "../problems/problem.ts";

/** Processor architectures Kubernetes is released for and Slipway installs, as Go and registries name them. */
export const architectures = ["amd64", "arm64"] as const;
export type Architecture = (typeof architectures)[number];

const byMachine: Readonly<Record<string, Architecture>> = {
  x86_64: "amd64",
  amd64: "amd64",
  aarch64: "arm64",
  arm64: "arm64",
};

/** The architecture `uname -m` names. Throws `host/unsupported-architecture`. */
export function architectureOf(machine: string): Architecture {
  const found = byMachine[machine];
  if (found !== undefined) return found;
  throw new ProblemError({
    code: "host/unsupported-architecture",
    severity: "error",
    message: `hosts with processors of kind ${machine} are not supported`,
    because: `supported are ${Object.keys(byMachine).join(", ")}`,
  });
}
