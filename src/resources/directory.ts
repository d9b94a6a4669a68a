import { pathStat } from "../facts/path-stat.ts";
import type { Read } from "../hosts/port.ts";
import { ProblemError } from "../problems/problem.ts";
import { ownership, ownershipChanges } from "./ownership.ts";
import type { Comparison, Resource } from "./resource.ts";

export interface DirectoryDeclaration {
  readonly path: string;
  /** Permission bits, default 0o755. */
  readonly mode?: number;
  /** Default root. */
  readonly owner?: string;
  readonly group?: string;
}

/** A directory with this mode and owner; what is in it is not looked at. */
export function directory(declared: DirectoryDeclaration): Resource {
  const { path } = declared;
  const key = `directory ${path}`;
  const stat: Read = { kind: "stat", path };
  const wanted = ownership(declared.mode ?? 0o755, declared.owner, declared.group);
  const mode = wanted.mode.toString(8).padStart(4, "0");
  const missing: Comparison = {
    state: "different",
    changes: [{ verb: "create", what: key, to: wanted.text }],
    make: [
      {
        kind: "run",
        argv: ["install", "-d", "-m", mode, "-o", wanted.owner, "-g", wanted.group, "--", path],
      },
    ],
  };
  return {
    key,
    reads: [stat],
    compare(answers) {
      const now = pathStat(path, answers.of(stat));
      if (!now.exists) return missing;
      if (now.type !== "directory") throw notADirectory(path);
      const drift = ownershipChanges(now, wanted);
      if (drift === undefined) return { state: "same" };
      return {
        state: "different",
        changes: [{ verb: "update", what: key, from: drift.from, to: drift.to }],
        make: drift.make(path),
        quiet: true,
      };
    },
  };
}

function notADirectory(path: string): ProblemError {
  return new ProblemError({
    code: "host/not-a-directory",
    severity: "error",
    message: `directory ${path} cannot be made`,
    because: "there is a file where a directory belongs",
    hint: { text: "Move it away if nothing needs it", command: `mv ${path} ${path}.before-slipway` },
  });
}
