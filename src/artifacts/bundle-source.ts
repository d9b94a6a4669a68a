import { ProblemError } from "../problems/problem.ts";
import type { ArtifactSource } from "./artifact-source.ts";
import type { Bundle } from "./bundle.ts";
import { fileNames } from "./file-names.ts";

/** Everything out of a bundle; nothing else is asked for anything. */
export function bundleSource(bundle: Bundle): ArtifactSource {
  const files = new Map<string, string>();
  const images = new Map<string, { readonly digest: string; readonly sha256: string }>();
  for (const artifact of bundle.index.artifacts) {
    if (artifact.kind === "file") files.set(artifact.name, artifact.sha256);
    if (artifact.kind === "image") images.set(`${artifact.architecture} ${artifact.name}`, artifact);
  }
  const upload = (sha256: string) => ({ kind: "upload", localPath: bundle.path, part: bundle.partOf(sha256) }) as const;
  return {
    title: `the bundle ${bundle.path}`,
    file(name) {
      const sha256 = files.get(name);
      if (sha256 === undefined) throw missing(bundle, name);
      return upload(sha256);
    },
    image(ref, architecture) {
      const found = images.get(`${architecture} ${ref}`);
      if (found === undefined) throw missing(bundle, `image ${ref} for ${architecture}`);
      return { ref, digest: found.digest, archive: upload(found.sha256) };
    },
    packages(distribution, architecture) {
      const sha256 = files.get(fileNames.packages(distribution, architecture));
      return sha256 === undefined ? undefined : upload(sha256);
    },
    chart(name) {
      const sha256 = files.get(name);
      return sha256 === undefined ? undefined : bundle.bytesOf(sha256);
    },
  };
}

function missing(bundle: Bundle, what: string): ProblemError {
  return new ProblemError({
    code: "artifact/missing",
    severity: "error",
    message: `the bundle has no ${what}`,
    because: `${bundle.path} was made for Kubernetes ${bundle.index.kubernetes}, from another cluster file or an older one`,
    hint: { text: "Make the bundle anew from this cluster file", command: "slipway bundle create FILE" },
  });
}
