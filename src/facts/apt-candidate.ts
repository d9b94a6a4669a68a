import type { Fact } from "./fact.ts";
import { commandOf } from "./not-understood.ts";

/**
 * The version of a package that apt would install; undefined when it has none. Needs no network, and is only as new as
 * the package lists on the host.
 */
export function aptCandidate(name: string): Fact<string | undefined> {
  const policy = ["env", "LC_ALL=C", "apt-cache", "policy", "--", name];
  return {
    name: `apt-candidate ${name}`,
    reads: [{ kind: "run", argv: policy }],
    parse([answer]) {
      const result = commandOf("apt-candidate", policy.join(" "), answer);
      if (result.exitCode !== 0) return undefined;
      const found = /^ {2}Candidate: (\S+)$/m.exec(result.stdout.toString("utf8"))?.[1];
      return found === "(none)" ? undefined : found;
    },
  };
}
