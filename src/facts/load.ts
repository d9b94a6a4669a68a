import type { Fact } from "./fact.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";
import { notUnderstood, textOf } from "./not-understood.ts";

/** How long a host has been up and how busy it is. */
export interface Load {
  readonly uptimeSeconds: number;
  /** Runnable or waiting for disk, averaged over 1, 5 and 15 minutes. */
  readonly averages: readonly [number, number, number];
}

const uptimePath = "/proc/uptime";
const loadPath = "/proc/loadavg";

/** Uptime and load averages of a host. */
export const load: Fact<Load> = {
  name: "load",
  reads: [linesOfFiles([uptimePath]), linesOfFiles([loadPath])],
  parse: (answers) => {
    const uptime = fileAmong("load", uptimePath, answers[0]);
    const averages = fileAmong("load", loadPath, answers[1]);
    const seconds = numbersOf(textOf("load", uptimePath, uptime), 1);
    const [one, five, fifteen] = numbersOf(textOf("load", loadPath, averages), 3);
    if (seconds[0] === undefined) throw notUnderstood("load", uptimePath, uptime, "it does not start with a number");
    if (one === undefined || five === undefined || fifteen === undefined) {
      throw notUnderstood("load", loadPath, averages, "it does not start with three numbers");
    }
    return { uptimeSeconds: seconds[0], averages: [one, five, fifteen] };
  },
};

function numbersOf(text: string | undefined, count: number): readonly number[] {
  const words = (text ?? "").trim().split(/\s+/).slice(0, count);
  return words.flatMap((word) => (/^\d+(\.\d+)?$/.test(word) ? [Number(word)] : []));
}
