import type { FileStat } from "../../hosts/port.ts";

/** A file as it was when it was placed. */
export interface PlacedFile {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Seconds since the epoch by the host's clock, with fractions. */
  readonly modifiedAt: number;
}

/** What lies beside placed programs, so that a later look needs no digest of hundreds of megabytes. */
export interface PlacementNote {
  /** Of the tarball they came in; absent where they came one by one. */
  readonly archive?: string;
  /** By path relative to the folder. */
  readonly files: ReadonlyMap<string, PlacedFile>;
}

const title = "# Managed by Slipway: what was placed here, as SHA-256, bytes, time and name.";

export function noteText({ archive, files }: PlacementNote): string {
  const lines = [...files].map(([name, one]) => `${one.sha256} ${one.sizeBytes} ${one.modifiedAt} ${name}`);
  return `${[title, ...(archive === undefined ? [] : [`archive ${archive}`]), ...lines.sort()].join("\n")}\n`;
}

/** Undefined when it is not such a note, e.g. because somebody edited it: then everything is placed again. */
export function readNote(text: string): PlacementNote | undefined {
  const [first, ...lines] = text.split("\n");
  if (first !== title) return undefined;
  const files = new Map<string, PlacedFile>();
  let archive: string | undefined;
  for (const line of lines) {
    if (line === "") continue;
    const found = /^([0-9a-f]{64}) (\d+) (\d+(?:\.\d+)?) (\S+)$/.exec(line);
    const [, sha256, size, time, name] = found ?? [];
    if (sha256 !== undefined && name !== undefined) {
      files.set(name, { sha256, sizeBytes: Number(size), modifiedAt: Number(time) });
    } else {
      archive = /^archive ([0-9a-f]{64})$/.exec(line)?.[1];
      if (archive === undefined) return undefined;
    }
  }
  return { ...(archive === undefined ? {} : { archive }), files };
}

/** Size and time are those that were noted: nobody has to read the file. */
export function isAsNoted(now: FileStat, noted: PlacedFile): boolean {
  return now.sizeBytes === noted.sizeBytes && Math.abs(now.modifiedAt - noted.modifiedAt) < 0.001;
}
