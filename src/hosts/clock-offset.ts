import { ProblemError } from "../problems/problem.ts";
import type { HostSession } from "./port.ts";
import type { ShellCommand, ShellOutput } from "./shell-script.ts";

export type ClockOffset = Awaited<ReturnType<HostSession["clockOffset"]>>;

/** Asks a host for its time. */
export function clockCommand(withinMs: number): ShellCommand {
  return { text: "date +%s.%N </dev/null", keepBytes: 1024, keep: "head", withinMs, shown: "date +%s.%N" };
}

/**
 * Compares the host's time with ours at the middle of the round trip. `sentAtMs` is our time since the epoch. Throws
 * `host/clock-unreadable`.
 */
export function readClock(
  host: string,
  output: ShellOutput | undefined,
  sentAtMs: number,
  tookMs: number,
): ClockOffset {
  const said = output?.stdout.toString("utf8").trim() ?? "";
  const [, whole, fraction] = /^(\d+)(?:\.(\d+))?/.exec(said) ?? [];
  if (whole === undefined) {
    throw new ProblemError({
      code: "host/clock-unreadable",
      severity: "error",
      message: `${host}: its clock cannot be read`,
      because: `"date +%s.%N" answered ${JSON.stringify(said)}`,
      where: { host },
    });
  }
  // A date that knows no fractions (busybox) is right to half a second around the middle of the second it names.
  const theirs = fraction === undefined ? Number(whole) + 0.5 : Number(`${whole}.${fraction}`);
  return {
    seconds: theirs - (sentAtMs + tookMs / 2) / 1000,
    uncertaintySeconds: tookMs / 2000 + (fraction === undefined ? 0.5 : 0),
  };
}
