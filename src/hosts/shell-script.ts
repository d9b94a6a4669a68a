/** One command of a request to a remote shell, as text, and what to keep of its output. */
export interface ShellCommand {
  /** Complete shell text. Its last exit status is the command's; it never reads the shell's own stdin. */
  readonly text: string;
  /** Bytes of each stream to keep. */
  readonly keepBytes: number;
  readonly keep: "head" | "ends";
  /** How long it may take, the way there and back included, before the host counts as not answering. */
  readonly withinMs: number;
  /** For messages; secrets masked. */
  readonly shown: string;
  /** True: `text` makes way for another shell, which takes the requests after this one. */
  readonly replacesShell?: true;
}

/** What came back for one command. */
export interface ShellOutput {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** True when one of the streams was longer than what is kept of it. */
  readonly truncated: boolean;
  readonly durationMs: number;
}

/** 1 MiB: what is kept of a stream unless something else was asked for. */
export const defaultKeepBytes = 1024 * 1024;

/** Bytes of names and operands put on one command line: half of the smallest limit in use (128 KiB per argument). */
export const commandLineBytes = 64 * 1024;

/** Seconds between SIGTERM and SIGKILL for a command that ran out of time. */
const killAfterSeconds = 10;
/** What a deadline on our side adds to the one on the host: the kill, and the way there and back. */
export const graceMs = (killAfterSeconds + 10) * 1000;

/**
 * A shell that reads commands from stdin, behind two `cat`s. When the connection breaks, a `cat` that can no longer
 * write makes way for one that swallows the rest: whatever is running (a package manager, say) ends in its own time
 * instead of dying half-way of a broken pipe.
 */
export const drainedShell = "d() { cat || exec cat >/dev/null; }; { sh 2>&1 >&3 3>&- | d >&2 3>&-; } 3>&1 | d";

/**
 * Sets a fresh POSIX shell up: locale, mode mask, PATH with the administrator's folders, and the functions the other
 * texts use. Answers its user id, and the version if it is bash. `m N` ends command N on both streams; `t SECONDS ARGV` becomes ARGV under a time
 * limit where the host has a `timeout` that can (`p` finds out, once, and only when a limit is asked for).
 */
export function prologue(nonce: string, withinMs: number): ShellCommand {
  return {
    text: [
      "LC_ALL=C; export LC_ALL; unset LANGUAGE CDPATH ENV BASH_ENV",
      "PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH",
      "umask 022; cd /",
      `m() { s=$?; printf '\\n%s %d %d\\n' ${nonce} "$1" "$s"; printf '\\n%s %d %d\\n' ${nonce} "$1" "$s" >&2; }`,
      "T=",
      "p() { if timeout -k 1 1 true 2>/dev/null; then T=y; else T=n; fi; }",
      `t() { if [ "$T" = y ]; then exec timeout -k ${killAfterSeconds} "$@"; else shift; exec "$@"; fi; }`,
      // The effective user: for builtins alone where the kernel tells it, because a process costs a host a millisecond.
      "u=; if [ -r /proc/self/status ]; then while read -r k _ e _; do",
      '[ "$k" = Uid: ] && u=$e && break; done </proc/self/status; fi',
      `printf '%s %s\\n' "\${u:-$(id -u)}" "$BASH_VERSINFO"`,
    ].join("\n"),
    keepBytes: 64 * 1024,
    keep: "ends",
    withinMs,
    shown: "open a shell",
  };
}

/** From this size on, handing bash a whole text is worth a process. */
const wholeTextBytes = 8 * 1024;

/**
 * The text of a request: every command followed by its end mark. Commands are numbered from `firstSequence`. Other
 * shells read their stdin in blocks; bash reads a pipe byte by byte (a second per megabyte), so it gets a long text
 * through one `head` that reads exactly that much.
 */
export function renderRequest(commands: readonly ShellCommand[], firstSequence: number, isBash: boolean): string {
  const text = commands.map((command, index) => rendered(command, firstSequence + index)).join("");
  const bytes = isBash ? Buffer.byteLength(text) : 0;
  return bytes < wholeTextBytes ? text : `eval "$(head -c ${bytes})"\n${text}`;
}

function rendered(command: ShellCommand, sequence: number): string {
  // In braces, because a shell runs a compound command only once it has read all of it: what comes after the mark is
  // for the shell that takes over.
  if (command.replacesShell === true) return `{ m ${sequence}; ${command.text}; }\n`;
  return `${command.text}\nm ${sequence}\n`;
}
