import { preflightText } from "../preflight/preflight-text.ts";
import { runPreflight } from "../preflight/run-preflight.ts";
import { exitCode } from "../problems/exit-code.ts";
import { openCluster } from "./open-cluster.ts";
import { openWorld } from "./open-world.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";
import { requireHosts } from "./require-hosts.ts";
import { terminalStyle } from "./terminal-style.ts";

/** `slipway preflight`: 3 when a check failed, 5 when only hosts were missing. */
export async function preflight(options: GlobalOptions & { readonly limit?: readonly string[] }): Promise<void> {
  const cluster = openCluster(options.file);
  const only = requireHosts(cluster.spec, options.limit);
  await using world = openWorld(cluster);
  const report = await runPreflight(cluster.spec, world.hosts, { only, measure: true });
  printResult(report, options.output, (report) => preflightText(report, terminalStyle(process.stdout)));
  if (report.errors > 0) process.exitCode = exitCode.refused;
  else if (report.unreachable.length > 0) process.exitCode = exitCode.unreachable;
}
