import type { Change } from "../../engine/step.ts";
import { pathStat } from "../../facts/path-stat.ts";
import { symbolicLinks } from "../../facts/symbolic-links.ts";
import type { HostChange, Read } from "../../hosts/port.ts";
import type { Resource } from "../../resources/resource.ts";

/**
 * None of these paths is a link into a folder: where programs come as packages, links to those of a release would be found
 * before them. Links to anywhere else, and files, stay.
 */
export function noLinksInto(folder: string, paths: readonly string[]): Resource {
  const fact = symbolicLinks(paths);
  const stat: Read = { kind: "stat", path: folder };
  return {
    key: `links into ${folder}`,
    reads: [stat],
    compare(answers) {
      // Where there never was a release there is no link either.
      if (!pathStat(folder, answers.of(stat)).exists) return { state: "same" };
      const [first, ...rest] = fact.reads;
      if (first !== undefined && !answers.has(first)) return { state: "read-more", reads: [first, ...rest] };
      const links = fact.parse(fact.reads.map((read) => answers.of(read)));
      const ours = paths.filter((path) => links.get(path)?.startsWith(`${folder}/`) === true);
      const changes = ours.map(
        (path): Change => ({ verb: "delete", what: `link ${path}`, because: `it leads to ${links.get(path)}` }),
      );
      const make = ours.map((path): HostChange => ({ kind: "remove", path }));
      const [change, ...more] = changes;
      return change === undefined ? { state: "same" } : { state: "different", changes: [change, ...more], make };
    },
  };
}
