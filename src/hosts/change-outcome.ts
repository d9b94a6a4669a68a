import { posix } from "node:path";
import { type Evidence, type Hint, type Problem, type ProblemCode, ProblemError } from "../problems/problem.ts";
import { changeTimeoutMs, type ShellChange, writeExit } from "./change-script.ts";
import type { CommandResult, HostChange } from "./port.ts";
import { quote, showWords } from "./quote.ts";
import { lastReason } from "./read-files.ts";
import { Secret } from "./secret.ts";
import type { ShellOutput } from "./shell-script.ts";
import { showChange } from "./show-change.ts";

/** Lines of output a problem carries: enough for the end of an apt or kubeadm failure, and still one screen. */
const evidenceLines = 20;

/** What `timeout` ends with: its own code, after SIGKILL, and busybox's after SIGTERM. */
const stoppedCodes: readonly number[] = [124, 137, 143];

/** The result of a change, or the ProblemError that says why it failed. */
export function changeResult(host: string, change: ShellChange, output: ShellOutput): CommandResult {
  if (change.kind === "run") {
    if ((change.okExitCodes ?? [0]).includes(output.exitCode)) return { kind: "result", ...output };
    throw new ProblemError(commandProblem(host, change, output));
  }
  if (output.exitCode === 0) {
    const nothing = Buffer.alloc(0);
    return {
      kind: "result",
      exitCode: 0,
      stdout: nothing,
      stderr: nothing,
      truncated: false,
      durationMs: output.durationMs,
    };
  }
  throw new ProblemError(fileProblem(host, change, output));
}

function commandProblem(host: string, change: Extract<ShellChange, { kind: "run" }>, output: ShellOutput): Problem {
  const command = showWords(change.argv);
  const [program = ""] = change.argv;
  const common = { severity: "error", where: { host }, evidence: evidenceOf(change, output) } as const;
  const timeoutMs = change.timeoutMs ?? changeTimeoutMs;
  if (stoppedCodes.includes(output.exitCode) && output.durationMs >= timeoutMs) {
    return {
      ...common,
      code: "host/command-timeout",
      message: `${host}: ${command} did not end in time`,
      because: `it was stopped after ${Math.round(output.durationMs / 1000)} s; the limit is ${timeoutMs / 1000} s`,
    };
  }
  if (output.exitCode === 127 && /not found|No such file or directory/i.test(output.stderr.toString("utf8"))) {
    return {
      ...common,
      code: "host/command-not-found",
      message: `${host}: ${command} cannot be run`,
      because: `${program} is not installed, or not in the PATH of the administrator`,
    };
  }
  return {
    ...common,
    code: "host/command-failed",
    message: `${host}: ${command} failed`,
    because: `it ended with exit code ${output.exitCode}; expected ${(change.okExitCodes ?? [0]).join(" or ")}`,
  };
}

/** Why a file could not be written or removed, by what the tools said. */
export function fileProblem(host: string, change: Exclude<ShellChange, { kind: "run" }>, output: ShellOutput): Problem {
  const { code, because, hint } = fileReason(change, output);
  return {
    code,
    severity: "error",
    message: `${host}: ${showWords([change.path])} cannot be ${change.kind === "write" ? "written" : "removed"}`,
    because,
    ...(hint === undefined ? {} : { hint }),
    where: { host },
    evidence: evidenceOf(change, output),
  };
}

function fileReason(
  change: Exclude<ShellChange, { kind: "run" }>,
  output: ShellOutput,
): { readonly code: ProblemCode; readonly because: string; readonly hint?: Hint } {
  const stderr = output.stderr.toString("utf8");
  const directory = quote(posix.dirname(change.path));
  const left = change.kind === "write" ? "; the old file is untouched" : "";
  const because = `${lastReason(stderr) ?? `exit code ${output.exitCode}`}${left}`;
  if (/No space left on device|Disk quota exceeded/i.test(stderr)) {
    const hint = { text: "free space on that file system", command: `df -h ${directory}; df -i ${directory}` };
    return { code: "host/disk-full", because: `${full(stderr)}${left}`, hint };
  }
  if (/Read-only file system/i.test(stderr)) {
    const hint = {
      text: "a file system turns read-only after an error: look at the kernel log",
      command: `findmnt -T ${directory}; dmesg | tail -n 50`,
    };
    return { code: "host/read-only", because: `the file system is read-only${left}`, hint };
  }
  if (output.exitCode === 127) return { code: "host/tool-missing", because };
  if (change.kind === "remove") return { code: "host/remove-failed", because };
  if (output.exitCode === writeExit.isDirectory) {
    return { code: "host/write-failed", because: "a directory of that name is there" };
  }
  return { code: "host/write-failed", because };
}

function full(stderr: string): string {
  return /Disk quota exceeded/i.test(stderr) ? "the disk quota is used up" : "no space is left on the device";
}

/** What ran and how it ended. Secrets the change carries are masked wherever a program repeats them. */
function evidenceOf(change: HostChange, output: ShellOutput): Evidence {
  const text = `${output.stdout.toString("utf8")}\n${output.stderr.toString("utf8")}`;
  const lines = maskSecrets(text, secretsOf(change))
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  return {
    command: showChange(change),
    exitCode: output.exitCode,
    durationMs: output.durationMs,
    lastLines: lines.slice(-evidenceLines),
  };
}

function secretsOf(change: HostChange): readonly Secret[] {
  const carried = change.kind === "write" ? change.content : change.kind === "run" ? change.stdin : undefined;
  return carried instanceof Secret ? [carried] : [];
}

/** Replaces the secrets, and each of their lines, by "***". */
export function maskSecrets(text: string, secrets: readonly Secret[]): string {
  let masked = text;
  for (const secret of secrets) {
    const revealed = secret.reveal();
    const whole = revealed.toString("utf8");
    const parts = [whole, revealed.toString("base64"), ...whole.split(/\r?\n/)].map((part) => part.trim());
    // Longest first, so that a line never leaves the rest of the whole behind. One character is no secret.
    for (const part of parts.filter((one) => one.length > 1).sort((a, b) => b.length - a.length)) {
      masked = masked.replaceAll(part, "***");
    }
  }
  return masked;
}
