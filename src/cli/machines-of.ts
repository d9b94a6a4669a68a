import { type Architecture, architectureOf, architectures } from "../artifacts/architecture.ts";
import type { Machine } from "../artifacts/needed-artifacts.ts";
import { FactReader } from "../engine/fact-reader.ts";
import { kernel } from "../facts/kernel.ts";
import { osRelease } from "../facts/os-release.ts";
import { distributionOf } from "../parts/os/distribution.ts";
import { ProblemError } from "../problems/problem.ts";
import type { OpenedCluster } from "./open-cluster.ts";
import { openWorld } from "./open-world.ts";

/** What hosts are, told on the command line because they cannot be asked. */
export interface PlatformOptions {
  /** "debian-12/amd64": of every host. Several where hosts differ. */
  readonly platform?: readonly string[];
}

/** Distribution and architecture of every host: as told, else asked. */
export async function machinesOf(cluster: OpenedCluster, { platform }: PlatformOptions): Promise<readonly Machine[]> {
  const { hosts } = cluster.spec;
  if (platform !== undefined) {
    const told = platform.map(platformOf);
    return hosts.flatMap((host) => told.map((one) => ({ host, ...one })));
  }
  await using world = openWorld(cluster);
  const reader = new FactReader(world.hosts, new AbortController().signal);
  return await Promise.all(
    hosts.map(async (host) => {
      const [os, { architecture }] = await Promise.all([
        reader.factOf(host.name, osRelease),
        reader.factOf(host.name, kernel),
      ]);
      return { host, distribution: distributionOf(os).name, architecture: architectureOf(architecture) };
    }),
  );
}

function platformOf(text: string): { readonly distribution: string; readonly architecture: Architecture } {
  const [distribution, architecture, ...rest] = text.split("/");
  const known = architectures.find((one) => one === architecture);
  if (distribution !== undefined && distribution !== "" && known !== undefined && rest.length === 0)
    return { distribution, architecture: known };
  throw new ProblemError({
    code: "usage/command-line",
    severity: "error",
    message: `slipway bundle: ${JSON.stringify(text)} is not a platform`,
    because: `it is a distribution and an architecture (${architectures.join(" or ")}), like debian-12/amd64`,
  });
}
