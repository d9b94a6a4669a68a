import { fileAmong, linesOfFiles } from "../facts/lines-of-files.ts";
import type { Resource } from "../resources/resource.ts";
import { managedMark } from "./managed-header.ts";

/** A small file that Slipway wrote in another configuration must not exist. One that somebody else put there stays. */
export function absentIfManaged(path: string): Resource {
  const key = `file ${path}`;
  const lines = linesOfFiles([path]);
  return {
    key,
    reads: [lines],
    compare(answers) {
      const found = fileAmong(key, path, answers.of(lines));
      if (found.kind !== "content" || !found.bytes.toString("utf8").startsWith(`# ${managedMark}`))
        return { state: "same" };
      return { state: "different", changes: [{ verb: "delete", what: key }], make: [{ kind: "remove", path }] };
    },
  };
}
