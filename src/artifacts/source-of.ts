import type { ClusterSpec } from "../spec/cluster-spec.ts";
import type { ArtifactSource } from "./artifact-source.ts";
import { openBundle } from "./bundle.ts";
import { bundleSource } from "./bundle-source.ts";
import { publicSource } from "./public-source.ts";

/** Where a cluster's artifacts come from. A bundle is opened when it is asked for the first time. */
export function sourceOf(spec: Pick<ClusterSpec, "artifacts" | "runtime" | "etcd">): ArtifactSource {
  const { bundle: path } = spec.artifacts;
  if (path === undefined) return publicSource(spec);
  let opened: ArtifactSource | undefined;
  const source = () => {
    opened ??= bundleSource(openBundle(path));
    return opened;
  };
  return {
    title: `the bundle ${path}`,
    file: (name) => source().file(name),
    image: (ref, architecture) => source().image(ref, architecture),
    packages: (distribution, architecture) => source().packages(distribution, architecture),
    chart: (name) => source().chart(name),
  };
}
