import type { FileStat, Missing, Unreadable } from "./port.ts";
import { quote, quoteAll } from "./quote.ts";
import { commandLineBytes, defaultKeepBytes, type ShellCommand, type ShellOutput } from "./shell-script.ts";

/** Largest number of files one `sha256sum` gets; the list of names is built in the shell, at a cost that grows with its square. */
const digestsPerCommand = 128;
/** Type and mode (hex), size, time of change, owner, group, name: separated by tabs, the name last. */
const statFormat = "%f\t%s\t%.Y\t%U\t%G\t%n";

const missing: Missing = { kind: "missing", exists: false };

/**
 * Splits names into the lists one command gets. A name with a character that would make the command's output ambiguous
 * is alone in its list.
 */
function chunkPaths(paths: readonly string[], ambiguous: RegExp, atMost: number): readonly (readonly string[])[] {
  const chunks: string[][] = [];
  let current: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    if (ambiguous.test(path)) {
      chunks.push([path]);
      continue;
    }
    const size = Buffer.byteLength(path) + 3;
    if (current.length > 0 && (bytes + size > commandLineBytes || current.length >= atMost)) {
      chunks.push(current);
      current = [];
      bytes = 0;
    }
    current.push(path);
    bytes += size;
  }
  if (current.length > 0) chunks.push(current);
  return chunks;
}

export function statChunks(paths: readonly string[]): readonly (readonly string[])[] {
  return chunkPaths(paths, /\n/, Number.POSITIVE_INFINITY);
}

export function digestChunks(paths: readonly string[]): readonly (readonly string[])[] {
  return chunkPaths(paths, /[\n\r\\]/, digestsPerCommand);
}

export function statCommand(paths: readonly string[], withinMs: number): ShellCommand {
  return {
    text: `stat -L -c ${quote(statFormat)} -- ${quoteAll(paths)} </dev/null`,
    // At most the line, and as much again for a message, per name.
    keepBytes: paths.reduce((sum, path) => sum + 4 * Buffer.byteLength(path) + 512, 0),
    keep: "head",
    withinMs,
    shown: `stat ${paths.length === 1 ? paths[0] : `${paths.length} paths`}`,
  };
}

/** Only regular files are read: a named pipe or a device would never end. */
export function digestCommand(paths: readonly string[], withinMs: number): ShellCommand {
  return {
    text:
      `set --; for f in ${quoteAll(paths)}; do [ -f "$f" ] && set -- "$@" "$f"; done; ` +
      '[ $# -eq 0 ] || sha256sum -- "$@" </dev/null',
    keepBytes: paths.reduce((sum, path) => sum + 4 * Buffer.byteLength(path) + 512, 0),
    keep: "head",
    withinMs,
    shown: `sha256sum ${paths.length === 1 ? paths[0] : `${paths.length} files`}`,
  };
}

export function contentCommand(path: string, maxBytes: number, withinMs: number): ShellCommand {
  return {
    text: `[ -f ${quote(path)} ] && head -c ${maxBytes + 1} -- ${quote(path)} </dev/null`,
    keepBytes: Math.max(maxBytes + 1, defaultKeepBytes),
    keep: "head",
    withinMs,
    shown: `read ${path}`,
  };
}

/** Answers of one `stat`, by path. */
export function parseStats(
  paths: readonly string[],
  output: ShellOutput,
): ReadonlyMap<string, FileStat | Missing | Unreadable> {
  const found = new Map<string, FileStat>();
  const text = output.stdout.toString("utf8");
  const [only] = paths;
  // A name with a line feed is alone in its list, and then its output is not split into lines.
  const lines = paths.length === 1 ? (text === "" ? [] : [text.replace(/\n$/, "")]) : text.split("\n").slice(0, -1);
  for (const line of lines) {
    const [mode, size, modifiedAt, owner, group, ...name] = line.split("\t");
    if (mode === undefined || size === undefined || owner === undefined || group === undefined) continue;
    const bits = Number.parseInt(mode, 16);
    const format = bits & 0o170000;
    found.set(paths.length === 1 && only !== undefined ? only : name.join("\t"), {
      kind: "stat",
      exists: true,
      type: format === 0o100000 ? "file" : format === 0o040000 ? "directory" : "other",
      sizeBytes: Number(size),
      mode: bits & 0o7777,
      owner,
      group,
      modifiedAt: Number(modifiedAt),
    });
  }
  const absent = paths.filter((path) => !found.has(path));
  const reasons = reasonsFor(absent, "stat", output.stderr.toString("utf8"));
  return new Map(paths.map((path) => [path, found.get(path) ?? refusal(reasons.get(path))]));
}

/** Digests of one `sha256sum`, by path; files it could not read are absent, with the reason in `reasons`. */
export function parseDigests(
  paths: readonly string[],
  output: ShellOutput,
): { readonly digests: ReadonlyMap<string, string>; readonly reasons: ReadonlyMap<string, string> } {
  const digests = new Map<string, string>();
  const text = output.stdout.toString("utf8");
  const [only] = paths;
  if (paths.length === 1 && only !== undefined) {
    // GNU marks an escaped name with a leading backslash.
    const digest = /^\\?([0-9a-f]{64}) [ *]/.exec(text)?.[1];
    if (digest !== undefined) digests.set(only, digest);
  } else {
    for (const line of text.split("\n")) {
      if (/^[0-9a-f]{64} [ *]/.test(line)) digests.set(line.slice(66), line.slice(0, 64));
    }
  }
  const absent = paths.filter((path) => !digests.has(path));
  return { digests, reasons: reasonsFor(absent, "sha256sum", output.stderr.toString("utf8")) };
}

/** "Missing" or "unreadable" for a reason in the words of the C library. */
export function refusal(reason: string | undefined): Missing | Unreadable {
  if (reason === undefined) return { kind: "unreadable", because: "the host gave no reason" };
  if (/^(No such file or directory|Not a directory)\b/i.test(reason)) return missing;
  return { kind: "unreadable", because: reason };
}

/** The reason a message ends with, e.g. "Permission denied". */
export function lastReason(message: string): string | undefined {
  const text = message.trim().replaceAll("\n", " ");
  return text === "" ? undefined : text.slice(text.lastIndexOf(": ") + 1).trim();
}

/** One message per file, in the order of the files; where the count differs, by the name in the message. */
function reasonsFor(absent: readonly string[], program: string, stderr: string): ReadonlyMap<string, string> {
  const messages = stderr.split(new RegExp(`^(?:/\\S*/)?${program}: `, "m")).slice(1);
  const reasons = new Map<string, string>();
  absent.forEach((path, index) => {
    const message =
      messages.length === absent.length
        ? messages[index]
        : (messages.find((one) => one.includes(`'${path}'`) || one.startsWith(`${path}: `)) ??
          (absent.length === 1 ? messages.at(-1) : undefined));
    const reason = message === undefined ? undefined : lastReason(message);
    if (reason !== undefined) reasons.set(path, reason);
  });
  return reasons;
}
