import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** How a shell's process ended. `error` is set when it could not be started. */
export interface ShellEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly error?: Error;
}

/** A running process with a remote shell at its far end. */
export interface ShellProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once the process ended and its last output was read; never rejects. */
  readonly ended: Promise<ShellEnd>;
  /** True once the process ended. What it said is lost then, unless somebody was listening. */
  isOver(): boolean;
  kill(): void;
}

/** How long output may still come after the process ended: a control master it left behind may hold the pipes open. */
const drainMs = 250;

/**
 * Starts a program in a session of its own: Ctrl-C at the terminal then reaches Slipway alone, and ssh has no terminal
 * to ask questions on.
 */
export function spawnShell(program: string, args: readonly string[]): ShellProcess {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  // A broken pipe is the end of the process seen from the other side; `ended` tells it.
  child.stdin.on("error", () => child.stdin.destroy());
  const ended = new Promise<ShellEnd>((resolve) => {
    child.once("error", (error) => resolve({ exitCode: null, signal: null, error }));
    child.once("exit", (exitCode, signal) => {
      const end = { exitCode, signal };
      const timer = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve(end);
      }, drainMs);
      child.once("close", () => {
        clearTimeout(timer);
        resolve(end);
      });
    });
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    isOver: () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null,
    kill: () => child.kill("SIGKILL"),
  };
}
