import { createHash } from "node:crypto";
import { Secret } from "./secret.ts";

/** The name of a host in cluster.yaml. A host is a Linux machine we reach over SSH; a node is its Kubernetes object. */
export type HostName = string & { readonly __brand: "HostName" };

/**
 * A question to a host, as data. None of these changes anything: `run` is only built in `facts/`, from commands that
 * read. Equal reads (same `readKey`) are sent once per batch.
 */
export type Read =
  /** Type, size, mode, owner and times of a path; symlinks are followed. */
  | { readonly kind: "stat"; readonly path: string }
  /** SHA-256 of a regular file. */
  | { readonly kind: "digest"; readonly path: string }
  /** The bytes of a regular file, at most `maxBytes` (default 1 MiB). */
  | { readonly kind: "content"; readonly path: string; readonly maxBytes?: number }
  /**
   * A read-only command. Runs with equal `argv` in one batch become one command with all their `operands` appended, and
   * each asker gets the whole output: its parser finds its own part. So a hundred units cost one `systemctl show`.
   */
  | {
      readonly kind: "run";
      readonly argv: readonly string[];
      readonly operands?: readonly string[];
      /** Text on its standard input; runs with different input are different questions. */
      readonly stdin?: string | Secret;
      readonly timeoutMs?: number;
      /** Phrases on its standard error that mean "not at this moment", with an exit code that is not 0: it is asked again. */
      readonly passing?: readonly string[];
    };

export interface FileStat {
  readonly kind: "stat";
  readonly exists: true;
  readonly type: "file" | "directory" | "other";
  readonly sizeBytes: number;
  /** Permission bits, e.g. 0o644. */
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** Seconds since the epoch by the host's clock, with fractions. */
  readonly modifiedAt: number;
}

export interface Missing {
  readonly kind: "missing";
  readonly exists: false;
}

/** Permission denied, not a regular file, ...: neither there nor missing. */
export interface Unreadable {
  readonly kind: "unreadable";
  readonly because: string;
}

export interface FileDigest {
  readonly kind: "digest";
  readonly sha256: string;
}

export interface FileContent {
  readonly kind: "content";
  readonly bytes: Buffer;
  /** True when the file is longer than was asked for. */
  readonly truncated: boolean;
}

/** How a command ended. Output over the limit keeps its head and tail. 127: command not found. */
export interface CommandResult {
  readonly kind: "result";
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly truncated: boolean;
  readonly durationMs: number;
}

export type Answer = FileStat | FileDigest | FileContent | CommandResult | Missing | Unreadable;

/** Identity of a read: equal keys are the same question. */
export function readKey(read: Read): string {
  switch (read.kind) {
    case "stat":
    case "digest":
      return `${read.kind} ${read.path}`;
    case "content":
      return `content ${read.maxBytes ?? ""} ${read.path}`;
    case "run":
      return `run ${read.argv.join("\u0000")}\u0001${(read.operands ?? []).join("\u0000")}${stdinKey(read.stdin)}`;
  }
}

function stdinKey(stdin: string | Secret | undefined): string {
  if (stdin === undefined) return "";
  return `\u0001${stdin instanceof Secret ? stdin.digest() : createHash("sha256").update(stdin).digest("hex")}`;
}

/** A run of bytes within a file, and the SHA-256 they have. */
export interface FilePart {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** One change to a host, as data: it can be shown, journalled, exported, simulated and quoted in one place. */
export type HostChange =
  /** Atomically: temporary file in the same directory, fsync, rename. Parent directories are made (0755, root). */
  | {
      readonly kind: "write";
      readonly path: string;
      readonly content: string | Uint8Array | Secret;
      readonly mode: number;
      readonly owner?: string;
      readonly group?: string;
    }
  /** A file, or with `recursive` a tree. Missing is fine. */
  | { readonly kind: "remove"; readonly path: string; readonly recursive?: boolean }
  /**
   * A file of any size from this computer, as one stream, unless the digest there already matches. Atomic like `write`;
   * root's. The result's stdout is "sent" or "unchanged". It goes beside the host's other reads and changes, so its
   * order among them is kept only by awaiting it.
   */
  | {
      readonly kind: "upload";
      readonly localPath: string;
      readonly path: string;
      readonly mode: number;
      /** Only these bytes of the local file, whose digest is known: one blob of a bundle. */
      readonly part?: FilePart;
      /** The same step removes it again, so nobody waits until it is safe on the disk. */
      readonly passing?: boolean;
    }
  /** A command. `stdin` is the only way for a secret to get in. */
  | {
      readonly kind: "run";
      readonly argv: readonly string[];
      readonly stdin?: string | Secret;
      /** Default 120 s. */
      readonly timeoutMs?: number;
      /** Exit codes that are not a failure; default [0]. */
      readonly okExitCodes?: readonly number[];
    };

/**
 * An open way to one host. Implemented by the SSH adapter, by test doubles and by the twin.
 * Every method throws a ProblemError (`ssh/...`) when the host cannot be reached or stops answering.
 */
export interface HostSession {
  readonly host: HostName;
  /** Answers in the order of the reads. Calls made in the same turn of the event loop share one round trip. */
  read(reads: readonly Read[], signal?: AbortSignal): Promise<readonly Answer[]>;
  /**
   * Carries out one change. Throws a ProblemError with evidence when a command's exit code is not ok, or a write fails;
   * a `write` or `remove` returns an empty result, an `upload` says what it did.
   */
  change(change: HostChange, signal?: AbortSignal): Promise<CommandResult>;
  /** Seconds the host's clock is ahead of ours (negative: behind), measured at connect, and half the round trip. */
  clockOffset(): Promise<{ readonly seconds: number; readonly uncertaintySeconds: number }>;
}

/** All hosts of a cluster. Connections are opened on first use, bounded, and reused. */
export interface Hosts {
  session(host: HostName): HostSession;
  /** Round trips and connections so far, for the report and the benchmarks. */
  usage(): { readonly connections: number; readonly roundTrips: number };
  close(): Promise<void>;
}
