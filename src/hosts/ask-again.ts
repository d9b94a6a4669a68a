import { setTimeout as pause } from "node:timers/promises";
import type { Answer, Read } from "./port.ts";

/**
 * A service manager that starts anew (`systemctl daemon-reexec`, which Debian's packages do) is back within a second; on
 * a host that is busy installing packages it took several.
 */
const tries = 20;
const pauseMs = 500;

/**
 * Asks those reads again that a host could not answer at this moment (`Read.passing`), for ten seconds at most; then
 * what it said last is the answer.
 */
export async function askAgain(
  reads: readonly Read[],
  answers: readonly Answer[],
  ask: (reads: readonly Read[]) => Promise<readonly Answer[]>,
  closing: AbortSignal,
): Promise<readonly Answer[]> {
  const settled = [...answers];
  for (let count = 0; count < tries; count += 1) {
    const open = reads.flatMap((read, index) => (isPassing(read, settled[index]) ? [{ read, index }] : []));
    if (open.length === 0) break;
    await pause(pauseMs, undefined, { signal: closing }).catch(() => undefined);
    if (closing.aborted) break;
    const again = await ask(open.map((one) => one.read));
    open.forEach(({ index }, at) => {
      const answer = again[at];
      if (answer !== undefined) settled[index] = answer;
    });
  }
  return settled;
}

function isPassing(read: Read, answer: Answer | undefined): boolean {
  if (read.kind !== "run" || read.passing === undefined || answer?.kind !== "result" || answer.exitCode === 0) {
    return false;
  }
  const said = answer.stderr.toString("utf8");
  return read.passing.some((phrase) => said.includes(phrase));
}
