import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Where bundles are looked for by what needs any (the demo, the tests), when none is named. */
export const bundlesFolder = "/var/cache/slipway/bundles";

/** The bundle named by `$SLIPWAY_BUNDLE`, or the newest by name in `bundlesFolder`; undefined when there is none. */
export function foundBundle(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  const named = env.SLIPWAY_BUNDLE;
  if (named !== undefined && named !== "") return named;
  if (!existsSync(bundlesFolder)) return undefined;
  const found = readdirSync(bundlesFolder).filter((name) => name.endsWith(".tar"));
  const last = found.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  return last === undefined ? undefined : join(bundlesFolder, last);
}

/** The version of a project's release among the names of artifacts ("etcd/v3.5.30/linux/amd64"); undefined without one. */
export function releaseIn(names: readonly string[], project: string): string | undefined {
  return names.find((name) => name.startsWith(`${project}/`))?.split("/")[1];
}
