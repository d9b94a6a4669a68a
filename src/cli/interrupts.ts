import type { Interrupt } from "../engine/run-options.ts";
import { exitCode } from "../problems/exit-code.ts";

/**
 * Ctrl-C in two steps, for as long as it is not disposed: the first finishes what runs, the second leaves. SIGTERM is the
 * same. A terminal that is closed (SIGHUP) asks for the first only, however often: nobody is there to want the second.
 * `onFirst` is called at the first, before the run knows of it.
 */
export function interruptsOf(onFirst: () => void): Interrupt & Disposable {
  const finish = new AbortController();
  const leave = new AbortController();
  const onHangUp = (): void => finish.abort();
  const onSignal = (): void => {
    if (finish.signal.aborted) {
      leave.abort();
      return;
    }
    onFirst();
    finish.abort();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  process.on("SIGHUP", onHangUp);
  return {
    finishRunning: finish.signal,
    leaveNow: leave.signal,
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, onSignal);
      process.off("SIGHUP", onHangUp);
    },
  };
}

/** While nothing is changed yet, Ctrl-C and SIGTERM end the process at once, and say so; `tell` is called before. */
export function leavesBefore(tell: () => void): Disposable {
  const onSignal = (): void => {
    tell();
    process.stderr.write("\nInterrupted: nothing was changed.\n");
    process.exit(exitCode.interrupted);
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
