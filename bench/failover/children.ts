import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { requireLabRecord } from "../../src/lab/lab-record.ts";
import { initOf } from "../../src/lab/machine.ts";
import type { KeyPair } from "../../src/pki/certificate-authority.ts";
import type { Probe } from "./outage.ts";

const standInFile = fileURLToPath(new URL("api-server-stand-in.ts", import.meta.url));
const proberFile = fileURLToPath(new URL("prober.ts", import.meta.url));

/** Ends a program of ours and waits until it is gone. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

/** A stand-in for an API server, on port 6443 of a machine of a lab. */
export interface StandIn {
  start(): Promise<void>;
  /** At once, as a crash. */
  kill(): Promise<void>;
}

/** Runs this computer's Node in the network of the machine: nothing is installed there, and it looks the same from outside. */
export function standIn(lab: string, machine: string, pair: KeyPair): StandIn {
  let child: ChildProcess | undefined;
  return {
    async start() {
      const init = await initOf(await requireLabRecord(lab), machine);
      if (init === undefined) throw new Error(`${machine} is off`);
      const node = [process.execPath, standInFile];
      const own = spawn("nsenter", ["--target", String(init), "--net", "--", ...node], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      child = own;
      own.stdin.end(`${pair.certificate}${pair.key.reveal().toString("utf8")}`);
      await new Promise<void>((resolve, reject) => {
        own.stdout.once("data", () => resolve());
        own.once("exit", (code) => reject(new Error(`the stand-in on ${machine} ended with ${code}`)));
      });
    },
    async kill() {
      if (child !== undefined) await end(child);
    },
  };
}

/** A client that asks the virtual IP at a fixed rate, as a process of its own. */
export interface Prober extends AsyncDisposable {
  /** All that has been asked and decided so far. */
  readonly probes: readonly Probe[];
}

export function startProber(
  address: string,
  port: number,
  rate: { readonly everyMs: number; readonly withinMs: number },
): Prober {
  const words = [proberFile, address, String(port), String(rate.everyMs), String(rate.withinMs)];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  const probes: Probe[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) probes.push(JSON.parse(line));
  });
  return { probes, [Symbol.asyncDispose]: () => end(child) };
}
