import { type ExitCode, exitCode } from "../problems/exit-code.ts";
import type { Problem } from "../problems/problem.ts";
import type { RunResult } from "./run-options.ts";

/** What a run that was started ends the process with; what was refused before that is thrown, see `exitCodeOfRefusal`. */
export function exitCodeOfRun(result: RunResult): ExitCode {
  const errors = result.problems.filter((one) => one.severity === "error");
  if (errors.some((one) => one.code === "engine/bug")) return exitCode.bug;
  if (result.interrupted !== undefined) return exitCode.interrupted;
  if (errors.length === 0 && result.cancelled === 0 && result.failed.length === 0) return exitCode.done;
  const outcomes = result.failed.map((id) => result.outcomes.get(id)?.outcome);
  const onlyUnreachable = errors.length > 0 && errors.every((one) => one.code.startsWith("ssh/"));
  const isUntouched = result.applied === 0 && result.changing === 0;
  if (onlyUnreachable && isUntouched) return exitCode.unreachable;
  const onlyUnverified = outcomes.length > 0 && outcomes.every((one) => one === "unverified");
  if (onlyUnverified && errors.length === outcomes.length) return exitCode.unverified;
  const nothingChanged = isUntouched && outcomes.every((one) => one === "refused");
  return nothingChanged && outcomes.length > 0 && result.cancelled === 0 ? exitCode.refused : exitCode.stopped;
}

/** What a command ends the process with when it threw these problems before anything was changed. */
export function exitCodeOfRefusal(problems: readonly Problem[]): ExitCode {
  const isOurBug = (one: Problem) => graphBugs.has(one.code) || one.code === "engine/bug";
  const isUnreachable = (one: Problem) => one.code.startsWith("ssh/") || one.code === "engine/lock-hosts-unreachable";
  if (problems.some(isOurBug)) return exitCode.bug;
  if (problems.some((one) => /^(usage|config)\//.test(one.code))) return exitCode.usage;
  return problems.every(isUnreachable) ? exitCode.unreachable : exitCode.refused;
}

/** The graph comes from our own plans: a user cannot make it wrong. */
const graphBugs = new Set<string>(["engine/duplicate-step", "engine/unknown-dependency", "engine/cycle"]);
