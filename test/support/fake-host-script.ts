import type { HostChange, HostName, Read } from "../../src/hosts/port.ts";
import type { FakeHost } from "./fake-host.ts";

/** A file as a test writes it down; a string is its content. */
export interface FakeFileScript {
  readonly content?: string | Uint8Array;
  /** Default 0o644, directories 0o755. */
  readonly mode?: number;
  readonly owner?: string;
  readonly group?: string;
  /** Seconds since the epoch, host time. Default: the host's clock at that moment. */
  readonly modifiedAt?: number;
  /** Default "file". */
  readonly type?: "file" | "directory" | "other";
  /** Given: reads of it answer `unreadable` with this reason. */
  readonly unreadable?: string;
}

export interface FakeFile {
  readonly bytes: Buffer;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  readonly modifiedAt: number;
  readonly type: "file" | "directory" | "other";
  readonly unreadable?: string;
}

/** A command that arrived; operands of one batch are merged behind argv. */
export interface FakeCall {
  readonly argv: readonly string[];
  readonly stdin?: string;
  readonly host: FakeHost;
}

/** A string is standard output with exit code 0. */
export type FakeResult =
  | string
  | { readonly exitCode?: number; readonly stdout?: string | Uint8Array; readonly stderr?: string };

/** One row of the table of commands: the first row whose `argv` is a prefix of the command answers. */
export interface FakeRun {
  readonly argv: readonly string[];
  readonly answer: FakeResult | ((call: FakeCall) => FakeResult | Promise<FakeResult>);
}

export interface FakeHostScript {
  readonly files?: Readonly<Record<string, string | FakeFileScript>>;
  readonly runs?: readonly FakeRun[];
  /** How far the host's clock is ahead of ours. */
  readonly clockOffsetSeconds?: number;
}

export type FakeOperation =
  | { readonly host: HostName; readonly kind: "read"; readonly reads: readonly Read[] }
  | { readonly host: HostName; readonly kind: "change"; readonly change: HostChange };

/**
 * Something that goes wrong on cue. "fail": the command ends with exit code 1; "disconnect": `ssh/connection-lost`;
 * "hang": no answer until the caller's signal is aborted. `when: "after"`: the change was made, the answer was lost.
 */
export interface FakeFault {
  readonly how: "fail" | "disconnect" | "hang";
  /** Default "before". */
  readonly when?: "before" | "after";
  /** Which operations; default all. */
  readonly on?: (operation: FakeOperation) => boolean;
  /** How often; default once. */
  readonly times?: number;
}
