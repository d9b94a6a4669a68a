import { spawn } from "node:child_process";
import { copyFile, mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Plan } from "../../src/engine/plan.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { type RunSummary, readRuns } from "../../src/state/read-runs.ts";
import { stateFolder } from "../../src/state/state-folder.ts";
import { isGone } from "../../src/state/this-process.ts";

const program = resolve(import.meta.dirname, "../../bin/slipway.js");

/** How one command line of Slipway ended. */
export interface Ended {
  /** null: killed. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** A folder with a cluster file, its state and a home of its own: what one user of Slipway has. */
export interface WorkFolder {
  readonly path: string;
  /** `<path>/.slipway/<cluster>` */
  readonly statePath: string;
  /** Runs `slipway -f FILE ARGS` (see throughEtcd, unless it is `whole`) to its end, or sends SIGKILL to that one process after `killAfterMs`. */
  slipway(args: readonly string[], killAfterMs?: number): Promise<Ended>;
  plan(): Promise<Plan>;
  runs(): Promise<readonly RunSummary[]>;
}

/** Kubernetes comes from the internet or a bundle, which a lab may not have: what is below it is what these look at. */
function throughEtcd(args: readonly string[]): readonly string[] {
  const [command = "", next = ""] = args;
  // A saved plan has its own extent.
  const isWhole = command === "plan" || (command === "apply" && next.startsWith("--"));
  return isWhole && !args.includes("--through") ? [command, "--through", "etcd", ...args.slice(1)] : args;
}

/** A fresh folder for a cluster on a lab, whose host keys it knows. `whole`: what it is asked for goes beyond etcd. */
export async function makeWorkFolder(
  path: string,
  lab: Lab,
  clusterFile: string,
  { whole = false }: { readonly whole?: boolean } = {},
): Promise<WorkFolder> {
  const statePath = join(path, ".slipway", lab.name);
  const home = join(path, "home");
  const file = join(path, "cluster.yaml");
  await mkdir(statePath, { recursive: true, mode: 0o700 });
  await mkdir(home, { recursive: true, mode: 0o700 });
  await writeFile(file, clusterFile);
  await copyFile(lab.knownHostsFile, join(statePath, "known_hosts"));
  let count = 0;

  async function slipway(args: readonly string[], killAfterMs?: number): Promise<Ended> {
    count += 1;
    const names = ["stdout", "stderr"].map((name) => join(path, `${count}-${args[0] ?? "slipway"}.${name}`));
    const [stdoutFile = "", stderrFile = ""] = names;
    // Files, not pipes: ssh processes that outlive a killed Slipway must not keep anything of ours open.
    const stdout = await open(stdoutFile, "w");
    const stderr = await open(stderrFile, "w");
    const startedAt = performance.now();
    try {
      const child = spawn(process.execPath, [program, "-f", file, ...(whole ? args : throughEtcd(args))], {
        cwd: path,
        stdio: ["ignore", stdout.fd, stderr.fd],
        env: { PATH: process.env.PATH, HOME: home, NO_COLOR: "1" },
      });
      const over = new AbortController();
      if (killAfterMs !== undefined) {
        pause(killAfterMs, undefined, { signal: over.signal }).then(
          () => child.kill("SIGKILL"),
          () => "it ended before",
        );
      }
      const exitCode = await new Promise<number | null>((settle, reject) => {
        child.once("error", reject);
        child.once("exit", settle);
      });
      over.abort();
      const durationMs = performance.now() - startedAt;
      const [out, err] = await Promise.all([readFile(stdoutFile, "utf8"), readFile(stderrFile, "utf8")]);
      return { exitCode, stdout: out, stderr: err, durationMs };
    } finally {
      await stdout.close();
      await stderr.close();
    }
  }

  return {
    path,
    statePath,
    slipway,
    plan: async () => JSON.parse((await slipway(["plan", "-o", "json"])).stdout),
    runs: async () => await readRuns(stateFolder(file, lab.name), isGone),
  };
}
