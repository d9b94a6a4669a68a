import type { Problem } from "../problems/problem.ts";
import type { ShellLost } from "./remote-shell.ts";
import { type FailureContext, failureRules, lastLine, tryCommand } from "./ssh-failure-rules.ts";
import { type SshTarget, showTarget } from "./ssh-target.ts";

/** What a failure while a connection was being made means. `lost` is how the ssh process ended. */
export function connectProblem(name: string, target: SshTarget, lost: ShellLost): Problem {
  const context: FailureContext = { name, target, tryIt: tryCommand(target) };
  const base = { severity: "error", where: { host: name } } as const;
  const { error } = lost.end ?? {};
  if (error !== undefined && (error as NodeJS.ErrnoException).code === "ENOENT") {
    return {
      ...base,
      code: "ssh/client-missing",
      message: `${name}: ssh is not installed on this computer`,
      because: "Slipway uses the system's OpenSSH client, and no ssh is in the PATH",
      hint: { text: "install it", command: "apt-get install openssh-client" },
    };
  }
  const said = `${lost.stderr}\n${lost.stdout}`;
  for (const rule of failureRules) {
    const match = rule.when.exec(said);
    if (match === null) continue;
    const hint = rule.hint?.(context);
    return {
      ...base,
      code: rule.code,
      message: `${name}: ${rule.message}`,
      because: rule.because(match, context),
      ...(hint === undefined ? {} : { hint }),
    };
  }
  if (lost.how === "no-answer") {
    const seconds = (lost.command?.withinMs ?? 0) / 1000;
    return {
      ...base,
      code: "ssh/unreachable",
      message: `${name}: it cannot be reached`,
      because: `${showTarget(target)} did not give a shell${seconds > 0 ? ` within ${seconds} s` : " in time"}`,
      hint: { text: "this must work", command: context.tryIt },
    };
  }
  return {
    ...base,
    code: "ssh/failed",
    message: `${name}: no connection could be made`,
    because: lastLine(said, "") || `ssh ended with exit code ${lost.end?.exitCode ?? "unknown"} and said nothing`,
    hint: { text: "see where it stops", command: context.tryIt.replace("ssh ", "ssh -v ") },
    evidence: {
      command: context.tryIt,
      exitCode: lost.end?.exitCode ?? null,
      lastLines: said
        .split(/\r?\n/)
        .filter((line) => line.trim() !== "")
        .slice(-10),
    },
  };
}

/** What the loss of an open connection means. `change`: something may have been changed, and nobody knows. */
export function lossProblem(name: string, lost: ShellLost, change: boolean): Problem {
  const doing = lost.command?.shown ?? "a request";
  const unknown = change ? "; whether it was carried out is not known" : "";
  const hint = change ? { hint: { text: "run the same command again: it looks before it acts" } } : {};
  if (lost.how === "no-answer") {
    return {
      code: "ssh/no-answer",
      severity: "error",
      message: `${name}: it stopped answering`,
      because: `no answer to ${JSON.stringify(doing)} within ${(lost.command?.withinMs ?? 0) / 1000} s${unknown}`,
      ...hint,
      where: { host: name },
    };
  }
  const said = lastLine(lost.stderr, "");
  return {
    code: "ssh/connection-lost",
    severity: "error",
    message: `${name}: the connection was lost`,
    because: `it broke during ${JSON.stringify(doing)}${said === "" ? "" : ` (${said})`}${unknown}`,
    ...hint,
    where: { host: name },
  };
}
