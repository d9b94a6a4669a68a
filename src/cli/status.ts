import { readClusterStatus } from "../status/read-cluster-status.ts";
import { statusExitCode } from "../status/status-exit-code.ts";
import { statusText } from "../status/status-text.ts";
import { commandFor } from "./command-for.ts";
import { openCluster } from "./open-cluster.ts";
import { openWorld } from "./open-world.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";
import { terminalStyle } from "./terminal-style.ts";

/** `slipway status`: 6 when something is degraded, 5 when a host could not be asked. */
export async function status(options: GlobalOptions): Promise<void> {
  const cluster = openCluster(options.file);
  await using world = openWorld(cluster);
  const found = await readClusterStatus(cluster.spec, world.hosts, { now: world.clock.now() });
  printResult(found, options.output, (found) =>
    statusText(found, { ...terminalStyle(process.stdout), apply: commandFor(options.file, "apply") }),
  );
  process.exitCode = statusExitCode(found);
}
