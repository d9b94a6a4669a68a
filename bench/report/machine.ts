import { cpus, loadavg, totalmem } from "node:os";

/** What figures were measured on. `load` is the one-minute load average: above the number of processors, others were busy. */
export interface Machine {
  readonly processors: number;
  readonly model: string;
  readonly memoryGib: number;
  readonly node: string;
  readonly load: number;
  readonly at: string;
}

/** This computer, now. */
export function machine(): Machine {
  const all = cpus();
  return {
    processors: all.length,
    model: all[0]?.model ?? "unknown",
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    at: new Date().toISOString(),
  };
}

/** One line for above a table. */
export function machineLine({ processors, model, memoryGib, node }: Machine): string {
  return `${processors} processors (${model}), ${memoryGib} GiB, Node ${node}`;
}

/** A warning when something else kept the processors busy; empty when nothing did. */
export function loadNote(before: Machine): string {
  if (before.load <= before.processors / 2) return "";
  return `note: the load average was ${before.load} when the measurement started; wall times are not those of a quiet machine\n`;
}
