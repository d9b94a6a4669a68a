import type { Answer, CommandResult, FileContent, Missing, Read, Unreadable } from "../hosts/port.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";
import { parsedOnce } from "./parsed-once.ts";

// A process costs a host a millisecond, and `content` is one for each file. grep prints PATH:LINE for any number of files
// and is on every host. Without -a it would say of some bytes only that they match.
const argv = ["grep", "-aH", "-e", "", "--"];

/** What one answer of grep says of all its files. Texts are Latin-1, so that every byte stays what it is. */
interface Found {
  /** Lines by path, each with its line break. */
  readonly texts: ReadonlyMap<string, string>;
  /** Why a path could not be read, in the words of the C library. */
  readonly reasons: ReadonlyMap<string, string>;
  /** Given: it is no answer of grep's, or not a whole one. */
  readonly because?: string;
}

/**
 * Asks for files of lines, like those of the kernel: all that are asked for in one batch are one process on the host.
 * Together they have 1 MiB, so it is for files that are small; and whether the last line ends with a line break cannot be
 * seen, so it is not for a file that is to be written back. What was found is told by `fileAmong`.
 */
export function linesOfFiles(paths: readonly string[]): Read {
  for (const path of paths) {
    // The first colon has to be the one behind the path, whatever else is asked for.
    if (!/^\/[^:\n]+$/.test(path)) throw new Error(`${JSON.stringify(path)} cannot be told from a line of a file`);
  }
  return { kind: "run", argv, operands: paths };
}

/**
 * One of the files in the answer to `linesOfFiles`, as `content` would have answered, a line break behind its last line.
 * Throws `host/output-not-understood` when it is not an answer of grep's, or not a whole one.
 */
export function fileAmong(fact: string, path: string, answer: Answer | undefined): FileContent | Missing | Unreadable {
  const asked = `grep -aH -e '' -- ${path}`;
  const { texts, reasons, because } = found(commandOf(fact, asked, answer));
  if (because !== undefined) throw notUnderstood(fact, asked, answer, because);
  const reason = reasons.get(path);
  if (reason === undefined) {
    return { kind: "content", bytes: Buffer.from(texts.get(path) ?? "", "latin1"), truncated: false };
  }
  if (/^(No such file or directory|Not a directory)\b/.test(reason)) return { kind: "missing", exists: false };
  return { kind: "unreadable", because: reason };
}

const found = parsedOnce((result: CommandResult): Found => {
  const texts = new Map<string, string>();
  const reasons = new Map<string, string>();
  const not = (because: string): Found => ({ texts, reasons, because });
  // 1: no file has a line. 2: some cannot be read, and there is a message for each.
  if (result.exitCode > 2) return not(`it ended with exit code ${result.exitCode}`);
  if (result.truncated) return not("it is longer than what is kept of an answer");
  for (const line of result.stdout.toString("latin1").split("\n")) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    if (!line.startsWith("/") || colon < 0) return not(`line ${JSON.stringify(line)} is not PATH:LINE`);
    const path = utf8(line.slice(0, colon));
    texts.set(path, `${texts.get(path) ?? ""}${line.slice(colon + 1)}\n`);
  }
  for (const line of result.stderr.toString("utf8").split("\n")) {
    // What others say there (a dynamic linker, say) is none of it; what grep says of no file is about its whole work.
    const message = /^(?:\/\S*\/)?grep: (.*)$/.exec(line)?.[1];
    if (message === undefined || message.startsWith("warning: ")) continue;
    const [, path, reason] = /^(\/[^:]+): (.+)$/.exec(message) ?? [];
    if (path === undefined || reason === undefined) return not(`grep says: ${message}`);
    reasons.set(path, reason);
  }
  if (result.exitCode === 2 && reasons.size === 0) return not("it ended with exit code 2 without saying why");
  return { texts, reasons };
});

/** A path as it was asked for, from the bytes that came back. */
function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
