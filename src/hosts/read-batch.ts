import { ProblemError } from "../problems/problem.ts";
import { withInput } from "./change-script.ts";
import {
  type Answer,
  type CommandResult,
  type FileStat,
  type Missing,
  type Read,
  readKey,
  type Unreadable,
} from "./port.ts";
import { quote, quoteAll, showWords } from "./quote.ts";
import {
  contentCommand,
  digestChunks,
  digestCommand,
  lastReason,
  parseDigests,
  parseStats,
  refusal,
  statChunks,
  statCommand,
} from "./read-files.ts";
import type { Secret } from "./secret.ts";
import { commandLineBytes, defaultKeepBytes, graceMs, type ShellCommand, type ShellOutput } from "./shell-script.ts";

/** Reads of one batch as commands, and the way back from the commands' outputs to the answers. */
export interface ReadBatch {
  readonly commands: readonly ShellCommand[];
  /** Answers in the order of the reads. Throws `host/tool-missing` when the host lacks a tool the reads need. */
  answers(outputs: readonly ShellOutput[]): readonly Answer[];
}

type RunRead = Extract<Read, { kind: "run" }>;

/** One command for one or several runs, and the keys of the reads it answers. */
interface MergedRun {
  readonly argv: readonly string[];
  readonly operands: Set<string>;
  readonly keys: Set<string>;
  bytes: number;
  timeoutMs: number | undefined;
  readonly stdin: string | Secret | undefined;
}

/**
 * Renders a batch with as few processes on the host as there can be: one `stat` for all paths, one `sha256sum` for all
 * digests, one `head` per content, one process per distinct argv. `withinMs` is the deadline of a read without its own.
 */
export function planReads(host: string, reads: readonly Read[], withinMs: number): ReadBatch {
  const distinct = new Map(reads.map((read) => [readKey(read), read]));
  const paths = new Set<string>();
  const digestPaths = new Set<string>();
  const commands: ShellCommand[] = [];
  // Digests and contents are stat'ed too: that is how "missing" is told from "not readable" and "not a file".
  for (const read of distinct.values()) {
    if (read.kind === "run") continue;
    paths.add(read.path);
    if (read.kind === "digest") digestPaths.add(read.path);
  }
  const stats = statChunks([...paths]);
  const digests = digestChunks([...digestPaths]);
  const contents = [...distinct].flatMap(([key, read]) => (read.kind === "content" ? [{ key, read }] : []));
  const runs = mergeRuns(distinct);

  for (const chunk of stats) commands.push(statCommand(chunk, withinMs));
  for (const chunk of digests) commands.push(digestCommand(chunk, withinMs));
  for (const { read } of contents)
    commands.push(contentCommand(read.path, read.maxBytes ?? defaultKeepBytes, withinMs));
  for (const run of runs) commands.push(runCommand(run, withinMs));

  return {
    commands,
    answers(outputs) {
      const queue = [...outputs];
      const next = (tool?: string): ShellOutput => {
        const output = queue.shift();
        if (output === undefined) throw new Error("fewer outputs than commands");
        if (tool !== undefined && output.exitCode === 127) throw new ProblemError(toolMissing(host, tool));
        return output;
      };
      const statOf = new Map<string, FileStat | Missing | Unreadable>();
      for (const chunk of stats) for (const [path, stat] of parseStats(chunk, next("stat"))) statOf.set(path, stat);
      const digestOf = new Map<string, string>();
      const reasonOf = new Map<string, string>();
      for (const chunk of digests) {
        const parsed = parseDigests(chunk, next("sha256sum"));
        for (const [path, digest] of parsed.digests) digestOf.set(path, digest);
        for (const [path, reason] of parsed.reasons) reasonOf.set(path, reason);
      }
      const answers = new Map<string, Answer>();
      for (const { key, read } of contents) answers.set(key, contentAnswer(read, next("head"), statOf.get(read.path)));
      for (const run of runs) {
        const result: CommandResult = { kind: "result", ...next() };
        for (const key of run.keys) answers.set(key, result);
      }
      return reads.map((read) => {
        if (read.kind === "stat") return known(statOf.get(read.path));
        if (read.kind !== "digest") return known(answers.get(readKey(read)));
        const sha256 = digestOf.get(read.path);
        if (sha256 !== undefined) return { kind: "digest", sha256 };
        return notRead(statOf.get(read.path), reasonOf.get(read.path));
      });
    },
  };
}

function mergeRuns(distinct: ReadonlyMap<string, Read>): readonly MergedRun[] {
  const runs: MergedRun[] = [];
  const open = new Map<string, MergedRun>();
  for (const [key, read] of distinct) {
    if (read.kind !== "run") continue;
    const operands = read.operands ?? [];
    const name = read.argv.join("\0");
    const bytes = operands.reduce((sum, operand) => sum + Buffer.byteLength(operand) + 3, 0);
    const merged = open.get(name);
    // Without operands a command often means "all": it is never joined with one that has some.
    // One with a text on its standard input is a question of its own, like `kubectl` with a manifest.
    if (
      operands.length > 0 &&
      read.stdin === undefined &&
      merged !== undefined &&
      merged.bytes + bytes <= commandLineBytes
    ) {
      for (const operand of operands) merged.operands.add(operand);
      merged.keys.add(key);
      merged.bytes += bytes;
      merged.timeoutMs = longer(merged.timeoutMs, read);
      continue;
    }
    const run = {
      argv: read.argv,
      operands: new Set(operands),
      keys: new Set([key]),
      bytes,
      timeoutMs: read.timeoutMs,
      stdin: read.stdin,
    };
    runs.push(run);
    if (operands.length > 0 && read.stdin === undefined) open.set(name, run);
  }
  return runs;
}

function longer(timeoutMs: number | undefined, read: RunRead): number | undefined {
  if (timeoutMs === undefined || read.timeoutMs === undefined) return timeoutMs ?? read.timeoutMs;
  return Math.max(timeoutMs, read.timeoutMs);
}

/**
 * `exec` in a subshell, so that a word that is also a shell builtin is still the program of that name. The limit on the
 * host costs a process, so a read without a limit of its own has only the one on our side.
 */
function runCommand(run: MergedRun, withinMs: number): ShellCommand {
  const words = [...run.argv, ...run.operands];
  const { settings, program } = withoutEnv(words);
  const seconds = run.timeoutMs === undefined ? undefined : Math.max(1, Math.ceil(run.timeoutMs / 1000));
  return {
    text:
      seconds === undefined
        ? withInput(`( ${settings}exec ${quoteAll(program)} )`, run.stdin)
        : `[ "$T" ] || p\n${withInput(`( ${settings}t ${seconds} ${quoteAll(program)} )`, run.stdin)}`,
    keepBytes: defaultKeepBytes,
    keep: "ends",
    withinMs: run.timeoutMs === undefined ? withinMs : run.timeoutMs + graceMs,
    shown: `${showWords(words)}${run.stdin === undefined ? "" : " < ***"}`,
  };
}

/** The settings facts use; a shell has others that cannot be set, or that the texts sent to it use themselves. */
const localeSetting = /^(?:TZ|LANG|LC_[A-Z]+)=/;

/** `env TZ=UTC LC_ALL=C PROGRAM` costs a host a process more than the same said by the shell. */
function withoutEnv(words: readonly string[]): { readonly settings: string; readonly program: readonly string[] } {
  const at = words.findIndex((word, index) => index > 0 && !localeSetting.test(word));
  if (words[0] !== "env" || at < 2 || /^-|=/.test(words[at] ?? "")) return { settings: "", program: words };
  const settings = words.slice(1, at).map((pair) => {
    const equals = pair.indexOf("=");
    return `${pair.slice(0, equals)}=${quote(pair.slice(equals + 1))}`;
  });
  return { settings: `export ${settings.join(" ")}; `, program: words.slice(at) };
}

function contentAnswer(
  read: Extract<Read, { kind: "content" }>,
  output: ShellOutput,
  stat: FileStat | Missing | Unreadable | undefined,
): Answer {
  const maxBytes = read.maxBytes ?? defaultKeepBytes;
  if (output.exitCode === 0) {
    return { kind: "content", bytes: output.stdout.subarray(0, maxBytes), truncated: output.stdout.length > maxBytes };
  }
  return notRead(stat, lastReason(output.stderr.toString("utf8")));
}

function notRead(stat: FileStat | Missing | Unreadable | undefined, reason: string | undefined): Missing | Unreadable {
  if (stat !== undefined && stat.kind !== "stat") return stat;
  if (stat?.type === "directory") return { kind: "unreadable", because: "it is a directory" };
  if (stat?.type === "other") return { kind: "unreadable", because: "it is not a regular file" };
  if (reason !== undefined) return refusal(reason);
  return { kind: "unreadable", because: "it changed while it was being read" };
}

function known<T>(answer: T | undefined): T {
  if (answer === undefined) throw new Error("a read of the batch has no answer");
  return answer;
}

function toolMissing(host: string, tool: string) {
  return {
    code: "host/tool-missing",
    severity: "error",
    message: `${host}: ${tool} is not installed`,
    because: "files are read with the tools of coreutils",
    hint: { text: "install the host's coreutils package" },
    where: { host },
  } as const;
}
