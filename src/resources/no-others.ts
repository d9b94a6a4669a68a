import { filesContaining } from "../facts/files-containing.ts";
import type { Resource } from "./resource.ts";

/**
 * Removes files of ours that are no longer declared: those called `name` under `folder` that bear `mark` and are not in
 * `keep`. Files without the mark are somebody else's and stay.
 */
export function noOthers(folder: string, name: string, mark: string, keep: readonly string[]): Resource {
  const fact = filesContaining(folder, name, mark);
  const kept = new Set(keep);
  return {
    key: `files ${folder}/*/${name}`,
    reads: fact.reads,
    compare(answers) {
      const stale = fact.parse(fact.reads.map((read) => answers.of(read))).filter((path) => !kept.has(path));
      const [first, ...rest] = stale.map(
        (path) => ({ verb: "delete", what: `file ${path}`, because: "it is no longer declared" }) as const,
      );
      if (first === undefined) return { state: "same" };
      return { state: "different", changes: [first, ...rest], make: stale.map((path) => ({ kind: "remove", path })) };
    },
  };
}
