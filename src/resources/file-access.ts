import type { Change } from "../engine/step.ts";
import { pathStat } from "../facts/path-stat.ts";
import type { Read } from "../hosts/port.ts";
import { ownership, ownershipChanges } from "./ownership.ts";
import type { Comparison, Resource } from "./resource.ts";

/** A file that somebody else writes, and who may read it. */
export interface FileAccessDeclaration {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** Default root. */
  readonly owner?: string;
  readonly group?: string;
}

/** Mode and owner of a file whose content is not Slipway's. Where there is none, nothing is missed. */
export function fileAccess(declared: FileAccessDeclaration): Resource {
  const { path } = declared;
  const stat: Read = { kind: "stat", path };
  const wanted = ownership(declared.mode, declared.owner, declared.group);
  const key = `file ${path}`;
  return {
    key,
    reads: [stat],
    compare(answers): Comparison {
      const now = pathStat(path, answers.of(stat));
      const drift = now.exists ? ownershipChanges(now, wanted) : undefined;
      if (drift === undefined) return { state: "same" };
      const change: Change = { verb: "update", what: key, from: drift.from, to: drift.to };
      return { state: "different", changes: [change], make: drift.make(path), quiet: true };
    },
  };
}
