import { spawn } from "node:child_process";

/** How a program ended, and how long that took from the call. */
export interface TimedRun {
  readonly ms: number;
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What to run, and in which surroundings. */
export interface Program {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a program to its end. Throws when its exit code is not 0, with the end of what it said. */
export async function timedRun({ argv, env = {}, cwd }: Program): Promise<TimedRun> {
  const [program = "", ...args] = argv;
  const startedAt = performance.now();
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString("utf8");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
  });
  const run = await new Promise<TimedRun>((resolve, reject) => {
    child.once("error", reject);
    // "exit" and not "close": a control master that stays behind holds the pipes open.
    child.once("exit", (exitCode) => {
      const ms = performance.now() - startedAt;
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ ms, exitCode, stdout, stderr });
      }, 50);
    });
  });
  if (run.exitCode === 0) return run;
  const said = `${run.stdout}${run.stderr}`.trim().split("\n").slice(-30).join("\n");
  throw new Error(`${argv.join(" ")} ended with exit code ${run.exitCode}:\n${said}`);
}
