import type { Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";
import { textOf } from "./not-understood.ts";
import { pathStat } from "./path-stat.ts";

/**
 * How a module that is there shows, apart from /sys/module: many kernels have it built in, without an entry there.
 * `path` exists, or `filesystem` is listed in /proc/filesystems.
 */
interface Trace {
  readonly path?: string;
  readonly filesystem?: string;
}

// Seen on Linux 5.10, 6.1 and 6.18 (2025-11).
const traces: Readonly<Record<string, Trace>> = {
  overlay: { filesystem: "overlay" },
  br_netfilter: { path: "/proc/sys/net/bridge" },
  nf_conntrack: { path: "/proc/sys/net/netfilter" },
  ip_vs: { path: "/proc/net/ip_vs" },
};
const filesystems = "/proc/filesystems";

/** Whether the kernel has what a module brings, loaded or built in. */
export function kernelFeature(module: string): Fact<boolean> {
  const loaded = `/sys/module/${module.replaceAll("-", "_")}`;
  const trace = traces[module];
  const reads: Read[] = [{ kind: "stat", path: loaded }];
  if (trace?.path !== undefined) reads.push({ kind: "stat", path: trace.path });
  if (trace?.filesystem !== undefined) reads.push(linesOfFiles([filesystems]));
  return {
    name: `kernel-feature ${module}`,
    reads,
    parse([sysModule, second]) {
      if (pathStat(loaded, sysModule).exists) return true;
      if (trace?.path !== undefined) return pathStat(trace.path, second).exists;
      if (trace?.filesystem === undefined) return false;
      const listed = fileAmong("kernel-feature", filesystems, second);
      const lines = (textOf("kernel-feature", filesystems, listed) ?? "").split("\n");
      return lines.some((line) => line.split("\t")[1] === trace.filesystem);
    },
  };
}
