import type { Interrupt } from "../engine/run-options.ts";

/** Ctrl-C in two steps, for as long as it is not disposed: the first finishes what runs, the second leaves. */
export function interruptsOf(say: (text: string) => void): Interrupt & Disposable {
  const finish = new AbortController();
  const leave = new AbortController();
  const onSignal = (): void => {
    if (finish.signal.aborted) {
      leave.abort();
      return;
    }
    say("Interrupted: what runs is finished, nothing new is started. Once more leaves at once.");
    finish.abort();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    finishRunning: finish.signal,
    leaveNow: leave.signal,
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
