import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { posix } from "node:path";
import { ProblemError } from "../problems/problem.ts";
import { fileProblem } from "./change-outcome.ts";
import { removeLeftovers, temporaryPathFor, writeExit } from "./change-script.ts";
import type { HostSession } from "./port.ts";
import { quote } from "./quote.ts";
import type { ShellProcess } from "./shell-process.ts";

/** What to send where. */
export interface Upload {
  readonly localPath: string;
  readonly remotePath: string;
  readonly mode: number;
  readonly signal?: AbortSignal;
}

/** The ways to the host an upload needs: questions and small changes, and a program with our bytes on its stdin. */
export interface UploadWays {
  readonly session: HostSession;
  stream(script: string): Promise<ShellProcess>;
}

/** How long not a byte may move. */
const stalledMs = 60_000;
const digestDiffers = 83;

/**
 * Sends a file as one stream and puts it in place once its digest was found right there. Throws ProblemErrors; on
 * failure the old file stays and nothing is left beside it.
 */
export async function uploadFile(ways: UploadWays, upload: Upload): Promise<"sent" | "unchanged"> {
  const { session } = ways;
  const { remotePath, mode, signal } = upload;
  const [local, [digest, there]] = await Promise.all([
    localFile(session.host, upload.localPath),
    session.read(
      [
        { kind: "digest", path: remotePath },
        { kind: "stat", path: remotePath },
      ],
      signal,
    ),
  ]);
  if (digest?.kind === "digest" && digest.sha256 === local.sha256) {
    if (there?.kind === "stat" && there.mode !== mode) {
      await session.change({ kind: "run", argv: ["chmod", "--", octal(mode), remotePath] }, signal);
    }
    return "unchanged";
  }
  signal?.throwIfAborted();
  const process = await ways.stream(uploadScript(remotePath, temporaryPathFor(remotePath), mode, local.sha256));
  const onAbort = () => process.kill();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await send(session.host, process, upload, local.sizeBytes);
  } catch (error) {
    process.kill();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
  return "sent";
}

/** One line, so that the quoting survives any login shell. */
function uploadScript(path: string, temporaryPath: string, mode: number, sha256: string): string {
  return [
    "LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH; umask 022",
    `f=${quote(path)}; d=${quote(posix.dirname(path))}; t=${quote(temporaryPath)}`,
    `if [ -d "$f" ]; then echo "is a directory" >&2; exit ${writeExit.isDirectory}; fi`,
    `[ -d "$d" ] || mkdir -p -- "$d" || exit ${writeExit.noParent}`,
    removeLeftovers(path),
    "umask 077; set -C",
    `trap 'rm -f -- "$t"; exit 143' HUP INT TERM`,
    `cat >"$t" && { [ "$(sha256sum <"$t")" = "${sha256}  -" ] || { rm -f -- "$t"; exit ${digestDiffers}; }; } && ` +
      `{ sync -d -- "$t" || { ! sync -d / 2>/dev/null && sync; }; } && chmod -- ${octal(mode)} "$t" && ` +
      'mv -f -- "$t" "$f" && { [ ! -e /sys/fs/selinux/enforce ] || restorecon -- "$f"; } && exit 0',
    's=$?; rm -f -- "$t"; exit "$s"',
  ].join("; ");
}

async function send(host: string, process: ShellProcess, upload: Upload, sizeBytes: number): Promise<void> {
  let stderr = "";
  process.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-8192);
  });
  process.stdout.resume();
  const ended = process.ended;
  for await (const chunk of createReadStream(upload.localPath, { highWaterMark: 256 * 1024 })) {
    if (process.stdin.destroyed) break;
    if (process.stdin.write(chunk)) continue;
    const moved = await within(stalledMs, Promise.race([once(process.stdin, "drain").catch(() => "gone"), ended]));
    if (moved === "late") throw stalled(host, upload, "not a byte moved");
  }
  process.stdin.end();
  // The other end still reads the file back for its digest, and flushes it: slow disks do 10 MB/s.
  const end = await within(stalledMs + sizeBytes / 10_000, ended);
  if (end === "late") throw stalled(host, upload, "no answer after the last byte");
  if (end.exitCode === 0) return;
  const output = Buffer.from(stderr);
  if (end.exitCode === 255 || end.exitCode === null || end.exitCode === digestDiffers) {
    throw new ProblemError({
      code: "host/upload-failed",
      severity: "error",
      message: `${host}: ${upload.remotePath} did not arrive whole`,
      because:
        end.exitCode === digestDiffers
          ? "the digest of what arrived is not the one of what was sent; the old file is untouched"
          : `the connection broke: ${stderr.trim().split("\n").at(-1) ?? "no reason given"}; the old file is untouched`,
      hint: { text: "run the same command again" },
      where: { host },
    });
  }
  const change = { kind: "write", path: upload.remotePath, content: "", mode: upload.mode } as const;
  const failed = { exitCode: end.exitCode, stdout: Buffer.alloc(0), stderr: output, truncated: false, durationMs: 0 };
  throw new ProblemError(fileProblem(host, change, failed));
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | "late"> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function localFile(host: string, path: string): Promise<{ sha256: string; sizeBytes: number }> {
  try {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
    return { sha256: hash.digest("hex"), sizeBytes: (await stat(path)).size };
  } catch (error) {
    throw new ProblemError(
      {
        code: "host/local-file-unreadable",
        severity: "error",
        message: `${host}: ${path} cannot be sent`,
        because: `on this computer: ${error instanceof Error ? error.message : String(error)}`,
        where: { host },
      },
      { cause: error },
    );
  }
}

function stalled(host: string, upload: Upload, because: string): ProblemError {
  return new ProblemError({
    code: "ssh/no-answer",
    severity: "error",
    message: `${host}: it stopped answering`,
    because: `while ${upload.remotePath} was sent, ${because} for ${stalledMs / 1000} s; the old file is untouched`,
    where: { host },
  });
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
