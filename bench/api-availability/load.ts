import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Asked, Kind } from "./asked.ts";
import type { Target } from "./ways.ts";

/** What the client does. */
export interface Load {
  readonly perSecond: Readonly<Record<Kind, number>>;
  /** Kept connections of each kind; as many objects are read and written. */
  readonly connections: number;
  /** Every so manieth request is a write. */
  readonly writeEvery: number;
  /** A request without an answer after this has failed. */
  readonly withinMs: number;
  /** "/api/v1/namespaces/default/configmaps"; the objects are named "<kind>-<number>". */
  readonly folder: string;
}

/** The client at work, as a process of its own. Disposing of it lets the requests that are under way end. */
export interface Client extends AsyncDisposable {
  /** All that has been asked and decided so far. */
  readonly asked: readonly Asked[];
  /** Resolves when all that was started before that moment is decided. */
  decided(until: number): Promise<void>;
}

export function startClient(target: Target, load: Load): Client {
  const program = fileURLToPath(new URL("client.ts", import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify({ target, load }));
  const asked: Asked[] = [];
  let rest = "";
  let decidedUntil = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const said = JSON.parse(line) as { asked: Asked } | { decidedUntil: number };
      if ("asked" in said) asked.push(said.asked);
      else decidedUntil = said.decidedUntil;
    }
  });
  const gone = new Promise((resolve) => child.once("close", resolve));
  return {
    asked,
    async decided(until) {
      while (decidedUntil <= until) {
        if (child.exitCode !== null) throw new Error(`the client ended with ${child.exitCode}`);
        await pause(100);
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await gone;
    },
  };
}
