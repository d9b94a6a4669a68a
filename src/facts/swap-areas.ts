import type { Fact } from "./fact.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";
import { notUnderstood, textOf } from "./not-understood.ts";

/** A swap area that is in use by the kernel. */
export interface SwapArea {
  /** "/dev/sda2", "/swapfile", "/dev/zram0". */
  readonly device: string;
  readonly kind: "partition" | "file";
  readonly sizeBytes: number;
  /** How much of it holds something. */
  readonly usedBytes: number;
}

const path = "/proc/swaps";

/** Which swap areas are active on a host; a kernel without swap support has none. */
export const swapAreas: Fact<readonly SwapArea[]> = {
  name: "swap-areas",
  reads: [linesOfFiles([path])],
  parse: ([answers]) => {
    const answer = fileAmong("swap-areas", path, answers);
    const text = textOf("swap-areas", path, answer);
    if (text === undefined) return [];
    const [head, ...lines] = text.split("\n").filter((line) => line.trim() !== "");
    if (head?.startsWith("Filename") !== true) throw notUnderstood("swap-areas", path, answer, "it has no header line");
    return lines.map((line) => {
      const found = /^(\S+)\s+(partition|file)\s+(\d+)\s+(\d+)\s/.exec(line);
      if (found === null) throw notUnderstood("swap-areas", path, answer, `line "${line}" is not a swap area`);
      const [, device = "", kind, size, used] = found;
      return {
        device,
        kind: kind === "file" ? "file" : "partition",
        sizeBytes: Number(size) * 1024,
        usedBytes: Number(used) * 1024,
      };
    });
  },
};
