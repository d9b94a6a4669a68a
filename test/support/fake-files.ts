import { createHash } from "node:crypto";
import { dirname } from "node:path/posix";
import type { Answer, Read } from "../../src/hosts/port.ts";
import type { FakeFile, FakeFileScript } from "./fake-host-script.ts";

type FileRead = Exclude<Read, { kind: "run" }>;

/** The files of one fake host: an overlay over files shared by the fleet, so that 5,000 hosts are cheap. */
export class FakeFiles {
  readonly #base: ReadonlyMap<string, FakeFile>;
  readonly #own = new Map<string, FakeFile | undefined>();
  readonly #tick: () => number;

  constructor(base: ReadonlyMap<string, FakeFile>, own: FakeFilesScript | undefined, tick: () => number) {
    this.#base = base;
    this.#tick = tick;
    for (const [path, file] of Object.entries(own ?? {})) this.write(path, file);
  }

  /** Undefined when there is no such path. */
  get(path: string): FakeFile | undefined {
    return this.#own.has(path) ? this.#own.get(path) : this.#base.get(path);
  }

  /** The content as text; undefined when there is no such path. */
  text(path: string): string | undefined {
    return this.get(path)?.bytes.toString("utf8");
  }

  /** Creates or replaces; parent directories are made. */
  write(path: string, file: string | FakeFileScript): void {
    this.#own.set(path, toFile(file, this.#tick));
    for (let parent = dirname(path); parent !== "/" && this.get(parent) === undefined; parent = dirname(parent))
      this.#own.set(parent, toFile({ type: "directory" }, this.#tick));
  }

  remove(path: string, recursive: boolean): void {
    this.#own.set(path, undefined);
    if (!recursive) return;
    for (const other of this.paths()) if (other.startsWith(`${path}/`)) this.#own.set(other, undefined);
  }

  /** All paths that are there, sorted. */
  paths(): string[] {
    const all = new Set([...this.#base.keys(), ...this.#own.keys()]);
    return [...all].filter((path) => this.get(path) !== undefined).sort();
  }

  /** Path to content of every regular file, for comparing two end states. */
  contents(): Record<string, string> {
    const files = this.paths().filter((path) => this.get(path)?.type === "file");
    return Object.fromEntries(files.map((path) => [path, this.text(path) ?? ""]));
  }

  answer(read: FileRead): Answer {
    const file = this.get(read.path);
    if (file === undefined) return { kind: "missing", exists: false };
    if (file.unreadable !== undefined) return { kind: "unreadable", because: file.unreadable };
    if (read.kind === "stat") {
      const { bytes, unreadable: _, ...rest } = file;
      return { kind: "stat", exists: true, sizeBytes: bytes.length, ...rest };
    }
    if (file.type !== "file") return { kind: "unreadable", because: "not a regular file" };
    if (read.kind === "digest")
      return { kind: "digest", sha256: createHash("sha256").update(file.bytes).digest("hex") };
    const limit = read.maxBytes ?? 1024 * 1024;
    return { kind: "content", bytes: file.bytes.subarray(0, limit), truncated: file.bytes.length > limit };
  }
}

export type FakeFilesScript = Readonly<Record<string, string | FakeFileScript>>;

export function toFile(script: string | FakeFileScript, tick: () => number): FakeFile {
  const file = typeof script === "string" ? { content: script } : script;
  const type = file.type ?? "file";
  return {
    bytes: Buffer.from(file.content ?? ""),
    mode: file.mode ?? (type === "directory" ? 0o755 : 0o644),
    owner: file.owner ?? "root",
    group: file.group ?? "root",
    modifiedAt: file.modifiedAt ?? tick(),
    type,
    ...(file.unreadable !== undefined && { unreadable: file.unreadable }),
  };
}
