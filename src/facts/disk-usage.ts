import type { Fact } from "./fact.ts";
import { notUnderstood, outputOf } from "./not-understood.ts";

/** The file system a path is on. */
export interface DiskUsage {
  /** The path that was asked for. */
  readonly path: string;
  /** The path itself, or its nearest ancestor that exists. */
  readonly existing: string;
  readonly mountPoint: string;
  /** "/dev/sda1", "/dev/mapper/vg-etcd", "tmpfs", "overlay". */
  readonly source: string;
  readonly fileSystem: string;
  readonly sizeBytes: number;
  readonly usedBytes: number;
  /** What programs can still write; less than the rest where a part is reserved. */
  readonly availableBytes: number;
}

const argv = ["df", "-B1", "--output=source,fstype,size,used,avail,target,file"] as const;
const asked = argv.join(" ");

/**
 * The file system each of some absolute paths is on, or will be on once the path is made. All askers on a host share
 * one df, so a caller looks its own path up in the answer.
 */
export function diskUsage(path: string): Fact<DiskUsage> {
  const candidates = ancestors(path);
  return {
    name: `disk-usage ${path}`,
    reads: [{ kind: "run", argv, operands: candidates }],
    parse: ([answer]) => {
      // 1: some of the paths do not exist, which is what was asked.
      const rows = outputOf("disk-usage", asked, answer, [0, 1]).split("\n").slice(1).flatMap(row);
      const byFile = new Map(rows.map((one) => [one.file, one]));
      const existing = candidates.find((candidate) => byFile.has(candidate));
      const found = existing === undefined ? undefined : byFile.get(existing);
      if (existing === undefined || found === undefined) {
        throw notUnderstood("disk-usage", asked, answer, `no line is about ${path} or a folder above it`);
      }
      const { file: _, ...disk } = found;
      return { path, existing, ...disk };
    },
  };
}

/** The path and every folder above it, nearest first. */
function ancestors(path: string): readonly string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return [...parts.keys()].map((at) => `/${parts.slice(0, parts.length - at).join("/")}`).concat("/");
}

function row(line: string): readonly (Omit<DiskUsage, "path" | "existing"> & { readonly file: string })[] {
  const found = /^(\S+)\s+(\S+)\s+(\d+|-)\s+(\d+|-)\s+(\d+|-)\s+(\/.*?)\s+(\/\S*)\s*$/.exec(line);
  if (found === null) return [];
  const [, source = "", fileSystem = "", size, used, available, mountPoint = "", file = ""] = found;
  return [
    {
      source,
      fileSystem,
      sizeBytes: bytes(size),
      usedBytes: bytes(used),
      availableBytes: bytes(available),
      mountPoint,
      file,
    },
  ];
}

/** "-" stands for what a file system without blocks cannot say. */
function bytes(text: string | undefined): number {
  return text === undefined || text === "-" ? 0 : Number(text);
}
