import type { Origin } from "../../artifacts/artifact-source.ts";
import { pathStat } from "../../facts/path-stat.ts";
import type { Read } from "../../hosts/port.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { Resource } from "../../resources/resource.ts";
import { packageFolder } from "../artifacts/artifacts-layout.ts";
import { fetchFile } from "../artifacts/fetch-file.ts";
import type { Distribution } from "../os/distribution.ts";
import { aptSource } from "./package-mirror.ts";

/**
 * The packages of a bundle as a repository on the host's own disk, in place of those it has. Throws
 * `artifact/packages-not-placed` for a distribution whose package manager cannot be given one.
 */
export function bundledPackages(
  origin: Origin & { readonly kind: "upload" },
  distribution: Distribution,
): readonly Resource[] {
  if (distribution.packageManager !== "apt") throw notPlaced(distribution);
  const folder = `${packageFolder}/${origin.part.sha256.slice(0, 16)}`;
  // Every package was checked by digest with the tar it came in.
  return [unpacked(origin, folder), ...aptSource(`deb [trusted=yes] file:${folder} ./`)];
}

/** Its index is put in place last, so whoever sees it has all of it. */
function unpacked(origin: Origin, folder: string): Resource {
  const index = `${folder}/Packages`;
  const stat: Read = { kind: "stat", path: index };
  return {
    key: `folder ${folder}`,
    reads: [stat],
    compare(answers) {
      if (pathStat(index, answers.of(stat)).exists) return { state: "same" };
      return {
        state: "different",
        changes: [{ verb: "create", what: `folder ${folder}`, to: "the packages of the bundle" }],
        make: async (act) => {
          const archive = `${folder}/.archive`;
          await fetchFile(act, origin, archive, 0o644, { passing: true });
          const tar = ["tar", "-xf", archive, "-C", folder, "--no-same-owner"];
          await act.change({ kind: "run", argv: [...tar, "--exclude=Packages"], timeoutMs: 10 * 60_000 });
          await act.change({ kind: "run", argv: [...tar, "--transform=s/^Packages$/.Packages/", "Packages"] });
          await act.change({ kind: "run", argv: ["mv", "-f", "--", `${folder}/.Packages`, index] });
          await act.change({ kind: "remove", path: archive });
          // Those of an earlier bundle are in nobody's way, but they are large.
          const others = ["find", packageFolder, "-mindepth", "1", "-maxdepth", "1", "!", "-path", folder];
          await act.change({ kind: "run", argv: [...others, "-exec", "rm", "-rf", "--", "{}", "+"] });
        },
      };
    },
  };
}

function notPlaced(distribution: Distribution): ProblemError {
  return new ProblemError({
    code: "artifact/packages-not-placed",
    severity: "error",
    message: `packages for ${distribution.name} cannot come out of a bundle`,
    because: "only Debian packages can be put into one so far",
    hint: {
      text: "Name a repository the hosts reach in artifacts.packageMirror, and make the bundle with --no-packages",
    },
  });
}
