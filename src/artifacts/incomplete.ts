import type { Problem } from "../problems/problem.ts";
import type { BundleArtifact } from "./bundle-index.ts";
import { imageKey, type Wanted } from "./gather.ts";

/** One problem for each artifact that is wanted and not there. */
export function incomplete(wanted: Wanted, artifacts: readonly BundleArtifact[], place: string): readonly Problem[] {
  const files = new Set<string>();
  const images = new Set<string>();
  const packages = new Set<string>();
  for (const one of artifacts) {
    if (one.kind === "file") files.add(one.name);
    else if (one.kind === "image") images.add(imageKey(one.architecture, one.name));
    else packages.add(`${one.distribution} ${one.architecture}`);
  }
  const missing = (what: string): Problem => ({
    code: "artifact/missing",
    severity: "error",
    message: `${what} is not in ${place}`,
    because: "the hosts of the cluster file need it",
  });
  return [
    ...left(wanted.files, files).map((name) => missing(`the file ${name}`)),
    ...left(wanted.images, images).map((key) =>
      missing(`the image ${key.slice(key.indexOf(" ") + 1)} for ${key.split(" ")[0]}`),
    ),
    ...left(wanted.packages, packages).map((key) =>
      missing(`the repository of packages of ${key.replace(" ", " for ")}`),
    ),
  ];
}

function left(wanted: ReadonlySet<string>, there: ReadonlySet<string>): readonly string[] {
  return [...wanted].filter((one) => !there.has(one)).sort();
}
