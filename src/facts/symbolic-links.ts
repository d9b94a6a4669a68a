import type { Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";
import { parsedOnce } from "./parsed-once.ts";

/** Path of each symbolic link to what it holds. What is no link, or not there, is not in it. */
export type SymbolicLinks = ReadonlyMap<string, string>;

const argv = ["env", "QUOTING_STYLE=shell-escape-always", "stat", "-c", "%N", "--"];
const asked = argv.join(" ");

/** Where those of `paths` that are symbolic links point, and others that were asked for in the same turn. */
export function symbolicLinks(paths: readonly string[]): Fact<SymbolicLinks> {
  const reads: readonly Read[] = [{ kind: "run", argv, operands: paths }];
  return {
    name: `symbolic-links ${paths.join(" ")}`,
    reads,
    parse([answer]) {
      const result = commandOf("symbolic-links", asked, answer);
      // 1: some are not there.
      if (result.exitCode > 1) throw notUnderstood("symbolic-links", asked, answer, `it ended with ${result.exitCode}`);
      return linksIn(result);
    },
  };
}

/** 'PATH' -> 'TARGET'; a path with odd characters is written otherwise, and none is asked for. */
const linksIn = parsedOnce((result): SymbolicLinks => {
  const links = new Map<string, string>();
  for (const line of result.stdout.toString("utf8").split("\n")) {
    if (line === "") continue;
    const found = /^'([^']*)'(?: -> '([^']*)')?$/.exec(line);
    const [, path, target] = found ?? [];
    if (path === undefined) throw notUnderstood("symbolic-links", asked, result, `"${line}" is not a quoted name`);
    if (target !== undefined) links.set(path, target);
  }
  return links;
});
