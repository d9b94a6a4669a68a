import { randomBytes } from "node:crypto";
import { quote } from "./quote.ts";
import { ShellLost } from "./remote-shell.ts";
import type { Secret } from "./secret.ts";
import type { ShellProcess } from "./shell-process.ts";
import type { SshTarget } from "./ssh-target.ts";

/** How to get from the login shell to a program that runs as root. */
export interface Login {
  /** What the login shell is asked to run. */
  readonly command: string;
  /** Set when sudo may ask for a password: nothing may be sent before `ready` was seen. */
  readonly asks?: { readonly prompt: string; readonly ready: string };
}

/**
 * How to run `script` as root, or without one a shell that reads commands from stdin. One line without exclamation
 * marks, so that sh, csh and fish as login shells all read it the same way.
 */
export function loginCommand(sudo: SshTarget["sudo"], script?: string): Login {
  const program = script === undefined ? "sh" : `sh -c ${quote(script)}`;
  if (sudo === "none") return { command: `exec ${program}` };
  if (sudo === "passwordless") return { command: `exec sudo -n -- ${program}` };
  // Whatever is sent while sudo does not ask would be run as a command, so both moments are told apart by a mark.
  const prompt = `slipway-password-${randomBytes(8).toString("hex")}:`;
  const ready = `slipway-ready-${randomBytes(8).toString("hex")}`;
  const inner = `echo ${ready}; ${script ?? "exec sh"}`;
  return { command: `exec sudo -S -p ${quote(prompt)} -- sh -c ${quote(inner)}`, asks: { prompt, ready } };
}

/** The password was asked for a second time: sudo did not take it. */
export class WrongPassword extends Error {}

/**
 * Waits for sudo to let us in, giving the password when it asks. Rejects with WrongPassword, or with ShellLost when the
 * process ends or says nothing for `withinMs` (the time the person takes to type does not count).
 */
export async function passSudo(
  process: ShellProcess,
  asks: { readonly prompt: string; readonly ready: string },
  withinMs: number,
  password: () => Promise<Secret>,
): Promise<void> {
  let stdout = "";
  let stderr = "";
  let told: () => void = () => undefined;
  const onStdout = (chunk: Buffer) => {
    stdout = (stdout + chunk.toString("latin1")).slice(-8192);
    told();
  };
  const onStderr = (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-8192);
    told();
  };
  process.stdout.on("data", onStdout);
  process.stderr.on("data", onStderr);
  try {
    let given = false;
    for (;;) {
      if (stdout.includes(`${asks.ready}\n`)) return;
      const prompts = stderr.split(asks.prompt).length - 1;
      if (prompts > 1) throw new WrongPassword();
      if (prompts === 1 && !given) {
        given = true;
        const line = Buffer.concat([(await password()).reveal(), Buffer.from("\n")]);
        process.stdin.write(line);
        continue;
      }
      const next = await raceTo(process, withinMs, (resolve) => {
        told = resolve;
      });
      if (next === "told") continue;
      const details = { stderr: stderr.replaceAll(asks.prompt, ""), stdout, command: undefined, answered: 0 };
      throw new ShellLost(
        next === "late" ? "no-answer" : "ended",
        next === "late" ? details : { ...details, end: next },
      );
    }
  } finally {
    process.stdout.off("data", onStdout);
    process.stderr.off("data", onStderr);
  }
}

async function raceTo(process: ShellProcess, withinMs: number, onTold: (resolve: () => void) => void) {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), withinMs);
  });
  const told = new Promise<"told">((resolve) => onTold(() => resolve("told")));
  try {
    return await Promise.race([process.ended, told, late]);
  } finally {
    clearTimeout(timer);
  }
}
