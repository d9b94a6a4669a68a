import { pathStat } from "../facts/path-stat.ts";
import type { Read } from "../hosts/port.ts";
import type { Resource } from "./resource.ts";

/** A path that must not exist. Directories are removed with everything in them only when `recursive`. */
export function absent(path: string, options: { readonly recursive?: boolean } = {}): Resource {
  const key = `file ${path}`;
  const stat: Read = { kind: "stat", path };
  return {
    key,
    reads: [stat],
    compare(answers) {
      if (!pathStat(path, answers.of(stat)).exists) return { state: "same" };
      return {
        state: "different",
        changes: [{ verb: "delete", what: key }],
        make: [{ kind: "remove", path, recursive: options.recursive ?? false }],
      };
    },
  };
}
