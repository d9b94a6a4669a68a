import type { Problem } from "../problems/problem.ts";
import type { BundleArtifact } from "./bundle-index.ts";
import { imageKey, type Wanted } from "./gather.ts";

/** One problem for each artifact that is wanted and not there. */
export function incomplete(wanted: Wanted, artifacts: readonly BundleArtifact[], place: string): readonly Problem[] {
  const files = new Set<string>();
  const images = new Set<string>();
  const packages = new Map<string, Set<string>>();
  for (const one of artifacts) {
    if (one.kind === "file") files.add(one.name);
    else if (one.kind === "image") images.add(imageKey(one.architecture, one.name));
    else {
      const key = `${one.distribution} ${one.architecture}`;
      packages.set(key, (packages.get(key) ?? new Set()).add(one.name));
    }
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
    ...[...wanted.packages].flatMap(([key, names]) =>
      left(names, packages.get(key) ?? new Set()).map((name) =>
        missing(`the package ${name} of ${key.replace(" ", " for ")}`),
      ),
    ),
  ];
}

function left(wanted: ReadonlySet<string>, there: ReadonlySet<string>): readonly string[] {
  return [...wanted].filter((one) => !there.has(one)).sort();
}
