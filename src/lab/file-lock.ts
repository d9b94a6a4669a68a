import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { ProblemError } from "../problems/problem.ts";
import { labProblem } from "./lab-problem.ts";
import { programEnv } from "./run-program.ts";

/**
 * Runs `work` while holding an exclusive lock on a file. The lock is the kernel's (flock), held by a child that ends
 * with us, so that a killed run leaves nothing to clean. `onWait` is called once when somebody else holds it.
 * Throws a ProblemError (`lab/busy`) after `withinMs`.
 */
export async function withFileLock<T>(
  path: string,
  options: { readonly withinMs: number; readonly onWait?: () => void },
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const seconds = String(Math.ceil(options.withinMs / 1000));
  const held = "echo held; exec cat >/dev/null";
  const child = spawn("flock", ["--exclusive", "--timeout", seconds, path, "sh", "-c", held], {
    env: programEnv,
    cwd: "/",
    stdio: ["pipe", "pipe", "ignore"],
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const waiting = setTimeout(() => options.onWait?.(), 500);
  try {
    const got = await new Promise<boolean>((resolve, reject) => {
      child.stdout.once("data", () => resolve(true));
      child.once("close", () => resolve(false));
      child.once("error", reject);
    });
    if (!got) {
      throw new ProblemError(
        labProblem("busy", "the lab is being changed by another process", {
          because: `the lock ${path} was not free within ${seconds} s`,
          hint: { text: "wait for it to end, or see who holds it", command: `fuser -v ${path}` },
        }),
      );
    }
    clearTimeout(waiting);
    return await work();
  } finally {
    clearTimeout(waiting);
    child.stdin.end();
    await closed;
  }
}
