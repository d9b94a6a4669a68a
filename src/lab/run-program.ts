import { spawn } from "node:child_process";
import { ProblemError } from "../problems/problem.ts";
import { labProblem } from "./lab-problem.ts";

/** How a program on this computer ended. */
export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Killed after this long; default 120 s. */
  readonly timeoutMs?: number;
  /** Exit codes that are not a failure; default [0]. 127 stands for "no such program". */
  readonly okExitCodes?: readonly number[];
  readonly signal?: AbortSignal;
}

const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The environment programs of the lab run in: where system programs are, English messages, no questions asked. */
export const programEnv: Readonly<Record<string, string>> = {
  PATH: searchPath,
  LC_ALL: "C.UTF-8",
  DEBIAN_FRONTEND: "noninteractive",
};

const keptLines = 20;

/** Runs a program on this computer. Throws a ProblemError (`lab/command-failed`) with its last lines when it fails. */
export async function runProgram(argv: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError("a program to run has no name");
  const { input, okExitCodes = [0], timeoutMs = 120_000, signal } = options;
  const started = Date.now();
  const result = await new Promise<ProgramResult>((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...programEnv, ...options.env },
      cwd: "/",
      ...(signal === undefined ? {} : { signal, killSignal: "SIGKILL" as const }),
    });
    // Not spawn's own `timeout`: that one keeps the process alive when the program does not exist.
    const overdue = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (bytes: Buffer) => stdout.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => stderr.push(bytes));
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on("error", () => child.stdin.destroy());
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(overdue);
      if (error.code === "ENOENT") resolve({ exitCode: 127, stdout: "", stderr: `${program}: not found` });
      else reject(error);
    });
    child.on("close", (code) => {
      clearTimeout(overdue);
      const texts = { stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
      resolve({ exitCode: code ?? 137, ...texts });
    });
    child.stdin.end(input ?? "");
  });
  if (okExitCodes.includes(result.exitCode)) return result;
  const lines = `${result.stdout}\n${result.stderr}`.split("\n").filter((line) => line.trim() !== "");
  throw new ProblemError(
    labProblem("command-failed", `this computer could not run ${program}`, {
      because: `it ended with exit code ${result.exitCode}: ${lines.at(-1) ?? "no output"}`,
      evidence: {
        command: argv.join(" "),
        exitCode: result.exitCode,
        durationMs: Date.now() - started,
        lastLines: lines.slice(-keptLines),
      },
    }),
  );
}
