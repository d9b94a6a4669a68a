import { createHash, randomBytes } from "node:crypto";
import { posix } from "node:path";
import type { HostChange } from "./port.ts";
import { quote, quoteAll } from "./quote.ts";
import { Secret } from "./secret.ts";
import { defaultKeepBytes, graceMs, type ShellCommand } from "./shell-script.ts";
import { showChange } from "./show-change.ts";

/** Default time limit of a command that changes something, by the contract of `HostChange`. */
export const changeTimeoutMs = 120_000;

/** Where a file is written before it is renamed: beside `path`, under a name that says which file it is to become. */
export function temporaryPathFor(path: string): string {
  return `${temporaryPrefix(path)}${randomBytes(12).toString("hex")}.tmp`;
}

function temporaryPrefix(path: string): string {
  const target = createHash("sha256").update(path).digest("hex").slice(0, 12);
  return posix.join(posix.dirname(path), `.slipway-${target}-`);
}

/**
 * Shell text that removes what earlier writes of `path` left: a host that crashed in the middle, or a shell that was
 * killed. Such a write is still to be made, so the run that makes it cleans up. Within a run nobody else writes the file.
 */
export function removeLeftovers(path: string): string {
  return `for o in ${quote(temporaryPrefix(path))}*.tmp; do [ ! -e "$o" ] || rm -f -- "$o"; done`;
}

/** What one command of the host's shell carries out; an upload is a stream of its own. */
export type ShellChange = Exclude<HostChange, { kind: "upload" }>;

/** Renders a change. `temporaryPath` is where a write puts the file before the rename. */
export function changeCommand(change: ShellChange, temporaryPath: string, withinMs: number): ShellCommand {
  const common = { keepBytes: defaultKeepBytes, keep: "ends", shown: showChange(change) } as const;
  switch (change.kind) {
    case "write": {
      const bytes = bytesOf(change.content);
      const text = writeText(change, bytes, temporaryPath);
      // A slow link still moves 64 KiB a second.
      return { ...common, text, withinMs: withinMs + graceMs + Math.ceil(bytes.length / 64) };
    }
    case "remove": {
      const option = change.recursive === true ? "-rf" : "-f";
      return {
        ...common,
        text: `rm ${option} -- ${quote(change.path)} </dev/null`,
        withinMs: changeTimeoutMs + graceMs,
      };
    }
    case "run": {
      const timeoutMs = change.timeoutMs ?? changeTimeoutMs;
      const command = `( t ${Math.max(1, Math.ceil(timeoutMs / 1000))} ${quoteAll(change.argv)} )`;
      // In braces: a shell runs a compound command only once it has read all of it, so a connection that breaks while
      // this is being sent has changed nothing.
      const text = `[ "$T" ] || p\n{ ${withInput(command, change.stdin)}\n}`;
      return { ...common, text, withinMs: timeoutMs + graceMs };
    }
  }
}

/**
 * `printf` is a builtin of every shell in use, so the content is in no process's arguments; and, unlike a
 * here-document, bash makes no temporary file of it.
 */
function fromBase64(bytes: Buffer): string {
  return `printf %s '${bytes.toString("base64")}' | base64 -d`;
}

/** A command with a text as its standard input, or none. */
export function withInput(command: string, stdin: string | Secret | undefined): string {
  return stdin === undefined ? `${command} </dev/null` : `${fromBase64(bytesOf(stdin))} | ${command}`;
}

function bytesOf(content: string | Uint8Array | Secret): Buffer {
  if (content instanceof Secret) return content.reveal();
  return typeof content === "string" ? Buffer.from(content, "utf8") : Buffer.from(content);
}

/** Exit codes of the write script that are not a tool's own. */
export const writeExit = { isDirectory: 81, noParent: 82 } as const;

function writeText(change: Extract<HostChange, { kind: "write" }>, bytes: Buffer, temporaryPath: string): string {
  const owner = `${change.owner ?? ""}${change.group === undefined ? "" : `:${change.group}`}`;
  return [
    "{ (",
    `f=${quote(change.path)}; d=${quote(posix.dirname(change.path))}; t=${quote(temporaryPath)}`,
    `if [ -d "$f" ]; then echo 'is a directory' >&2; exit ${writeExit.isDirectory}; fi`,
    `[ -d "$d" ] || mkdir -p -- "$d" || exit ${writeExit.noParent}`,
    `trap 'rm -f -- "$t"; exit 143' HUP INT TERM`,
    removeLeftovers(change.path),
    "umask 077; set -C",
    `${fromBase64(bytes)} >"$t" &&`,
    ...(owner === "" ? [] : [`chown -- ${quote(owner)} "$t" &&`]),
    `chmod -- ${change.mode.toString(8).padStart(4, "0")} "$t" &&`,
    // A sync without -d (busybox before 1.26, coreutils before 8.24) can only flush everything.
    `{ sync -d -- "$t" || { ! sync -d / 2>/dev/null && sync; }; } &&`,
    'mv -f -- "$t" "$f" &&',
    // The file was made under another name, so a policy that labels by name has not seen it yet.
    '{ [ ! -e /sys/fs/selinux/enforce ] || restorecon -- "$f"; } && exit 0',
    's=$?; rm -f -- "$t"; exit "$s"',
    ") </dev/null",
    "}",
  ].join("\n");
}
