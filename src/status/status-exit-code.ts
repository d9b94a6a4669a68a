import { type ExitCode, exitCode } from "../problems/exit-code.ts";
import type { ClusterStatus } from "./cluster-status.ts";

/** 0 when it is healthy or not installed; 5 when hosts could not be asked; 6 when something does not run as it should. */
export function statusExitCode({ health, unreachable }: ClusterStatus): ExitCode {
  if (unreachable.length > 0) return exitCode.unreachable;
  return health === "degraded" ? exitCode.unverified : exitCode.done;
}
