import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Bundle, openBundle } from "../../src/artifacts/bundle.ts";

const folder = "/var/cache/slipway/bundles";

/** The bundle the Kubernetes tier works with: $SLIPWAY_BUNDLE, or the newest by name in /var/cache/slipway/bundles. */
export function testBundle(): Bundle | undefined {
  const path = process.env.SLIPWAY_BUNDLE ?? newest();
  return path === undefined ? undefined : openBundle(path);
}

/** Why there is none, on one line; undefined when there is one. */
export function bundleSkipReason(): string | undefined {
  if (testBundle() !== undefined) return undefined;
  return `there is no bundle of Kubernetes: neither $SLIPWAY_BUNDLE is set nor is there a .tar in ${folder}`;
}

/** The containerd release in a bundle, for `runtime.source`; undefined when it has none. */
export function containerdOf(bundle: Bundle): string | undefined {
  const names = bundle.index.artifacts.map((one) => one.name);
  return names.find((name) => name.startsWith("containerd/"))?.split("/")[1];
}

function newest(): string | undefined {
  if (!existsSync(folder)) return undefined;
  const found = readdirSync(folder).filter((name) => name.endsWith(".tar"));
  const last = found.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  return last === undefined ? undefined : join(folder, last);
}
