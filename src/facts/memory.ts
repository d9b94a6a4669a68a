import type { Fact } from "./fact.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";
import { notUnderstood, textOf } from "./not-understood.ts";

/** Memory as the kernel counts it: a machine sold with 8 GiB has a little less, the kernel's own part is taken off. */
export interface Memory {
  readonly totalBytes: number;
  /** What programs can still get without swapping. */
  readonly availableBytes: number;
}

const path = "/proc/meminfo";

/** How much memory a host has, and how much of it is free to use. */
export const memory: Fact<Memory> = {
  name: "memory",
  reads: [linesOfFiles([path])],
  parse: ([answers]) => {
    const answer = fileAmong("memory", path, answers);
    const text = textOf("memory", path, answer) ?? "";
    const bytes = (name: string): number => {
      const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
      if (found === undefined) throw notUnderstood("memory", path, answer, `it has no ${name} in kB`);
      return Number(found) * 1024;
    };
    return { totalBytes: bytes("MemTotal"), availableBytes: bytes("MemAvailable") };
  },
};
