import { type Bundle, openBundle } from "../../src/artifacts/bundle.ts";
import { bundlesFolder, foundBundle, releaseIn } from "../../src/artifacts/found-bundle.ts";

/** The bundle the Kubernetes tier works with: `foundBundle`. */
export function testBundle(): Bundle | undefined {
  const path = foundBundle();
  return path === undefined ? undefined : openBundle(path);
}

/** Why there is none, on one line; undefined when there is one. */
export function bundleSkipReason(): string | undefined {
  if (testBundle() !== undefined) return undefined;
  return `there is no bundle of Kubernetes: neither $SLIPWAY_BUNDLE is set nor is there a .tar in ${bundlesFolder}`;
}

/** The containerd release in a bundle, for `runtime.source`; undefined when it has none. */
export function containerdOf(bundle: Bundle): string | undefined {
  return releaseIn(
    bundle.index.artifacts.map((one) => one.name),
    "containerd",
  );
}
