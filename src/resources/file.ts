import { createHash } from "node:crypto";
import type { Change } from "../engine/step.ts";
import { pathStat, unreadable } from "../facts/path-stat.ts";
import type { FileStat, HostChange, Read } from "../hosts/port.ts";
import { Secret } from "../hosts/secret.ts";
import { ProblemError } from "../problems/problem.ts";
import { ownership, ownershipChanges } from "./ownership.ts";
import type { Answers, Comparison, Resource } from "./resource.ts";
import { unifiedDiff } from "./unified-diff.ts";

/** A regular file with exactly this content. */
export interface FileDeclaration {
  readonly path: string;
  /** A Secret is compared by digest and never shown, not even as a diff. */
  readonly content: string | Uint8Array | Secret;
  /** Permission bits, default 0o644. */
  readonly mode?: number;
  /** Default root. */
  readonly owner?: string;
  readonly group?: string;
}

/** The most of a file that is read for a diff. */
const diffedBytes = 256 * 1024;

/**
 * A file's content, mode and owner. Costs a stat and a digest; its content is read only when it differs, for the diff.
 * Throws `host/unreadable` and `host/not-a-file` where the path is something else.
 */
export function file(declared: FileDeclaration): Resource {
  const key = `file ${declared.path}`;
  const stat: Read = { kind: "stat", path: declared.path };
  const digest: Read = { kind: "digest", path: declared.path };
  const content: Read = { kind: "content", path: declared.path, maxBytes: diffedBytes };
  const wanted = ownership(declared.mode ?? 0o644, declared.owner, declared.group);
  const write: HostChange = { kind: "write", path: declared.path, content: declared.content, ...wanted };
  const sha256 = digestOf(declared.content);
  let created: Comparison | undefined;

  function whenMissing(): Comparison {
    const diff = declared.content instanceof Secret ? undefined : unifiedDiff("", declared.content);
    const change: Change = {
      verb: "create",
      what: key,
      to: wanted.text,
      ...(diff === undefined ? {} : { diff }),
    };
    created ??= { state: "different", changes: [change], make: [write] };
    return created;
  }

  function whenDifferent(now: FileStat, answers: Answers): Comparison {
    const ownershipDiffers = ownershipChanges(now, wanted);
    const fromTo = ownershipDiffers === undefined ? {} : { from: ownershipDiffers.from, to: ownershipDiffers.to };
    const base = { verb: "update", what: key, ...fromTo } as const;
    const different = (change: Change): Comparison => ({ state: "different", changes: [change], make: [write] });
    if (declared.content instanceof Secret) return different({ ...base, because: "its content differs (secret)" });
    if (now.sizeBytes > diffedBytes) return different({ ...base, because: "its content differs" });
    if (!answers.has(content)) return { state: "read-more", reads: [content] };
    const there = answers.of(content);
    const diff = there.kind === "content" && !there.truncated ? unifiedDiff(there.bytes, declared.content) : undefined;
    return different(diff === undefined ? { ...base, because: "its content differs" } : { ...base, diff });
  }

  return {
    key,
    reads: [stat, digest],
    compare(answers) {
      const now = pathStat(declared.path, answers.of(stat));
      if (!now.exists) return whenMissing();
      if (now.type !== "file") throw notAFile(declared.path, now.type);
      const there = answers.of(digest);
      if (there.kind === "unreadable") throw unreadable(declared.path, there.because);
      if (there.kind !== "digest") return whenMissing();
      if (there.sha256 !== sha256()) return whenDifferent(now, answers);
      const drift = ownershipChanges(now, wanted);
      if (drift === undefined) return same;
      const change: Change = { verb: "update", what: key, from: drift.from, to: drift.to };
      return { state: "different", changes: [change], make: drift.make(declared.path), quiet: true };
    },
  };
}

const same: Comparison = { state: "same" };

/** SHA-256 of a content, computed at the first call and kept. */
function digestOf(content: string | Uint8Array | Secret): () => string {
  let known: string | undefined;
  return () => {
    known ??= content instanceof Secret ? content.digest() : createHash("sha256").update(content).digest("hex");
    return known;
  };
}

function notAFile(path: string, type: string): ProblemError {
  return new ProblemError({
    code: "host/not-a-file",
    severity: "error",
    message: `${path} cannot be written`,
    because: `there is a ${type === "directory" ? "directory" : "special file"} where a regular file belongs`,
    hint: { text: "Move it away if nothing needs it", command: `mv ${path} ${path}.before-slipway` },
  });
}
