import { Agent, request } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import type { Write } from "./writes.ts";

// A client of etcd with several writers, over its JSON gateway. Each stays with a member while that answers and goes to
// the next one when it does not, as etcd's own clients do. Certificates and endpoints come on the standard input.
const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { ca, cert, key, endpoints, writers, attemptWithinMs, writeWithinMs } = JSON.parse(
  Buffer.concat(chunks).toString(),
) as {
  ca: string;
  cert: string;
  key: string;
  endpoints: readonly string[];
  writers: number;
  attemptWithinMs: number;
  writeWithinMs: number;
};
const agent = new Agent({ ca, cert, key, keepAlive: true });

/** The raft term it was acknowledged in. Throws what went wrong. */
function put(endpoint: string, name: string, value: string): Promise<number> {
  const body = JSON.stringify({ key: btoa(name), value: btoa(value) });
  return new Promise((resolve, reject) => {
    const asked = request(
      `${endpoint}/v3/kv/put`,
      { method: "POST", agent, signal: AbortSignal.timeout(attemptWithinMs) },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        answer.once("error", reject);
        answer.once("end", () => {
          if (answer.statusCode === 200) resolve(Number(JSON.parse(text).header.raft_term));
          else reject(new Error(text));
        });
      },
    );
    asked.once("error", reject);
    asked.end(body);
  });
}

async function write(name: string, pinned: number): Promise<{ readonly write: Write; readonly pinned: number }> {
  const startedAt = Date.now();
  const failures: string[] = [];
  let at = pinned;
  do {
    try {
      const term = await put(endpoints[at] ?? "", name, String(startedAt));
      return { write: { startedAt, endedAt: Date.now(), failures, term }, pinned: at };
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
      at = (at + 1) % endpoints.length;
      // What etcd's own client waits between two tries, at least: 25 ms. clientv3 defaultBackoffWaitBetween (2026-11-21)
      await pause(25);
    }
  } while (Date.now() < startedAt + writeWithinMs);
  return { write: { startedAt, endedAt: Date.now(), failures }, pinned: at };
}

// Ends with the writes that are under way, so that what was acknowledged is all there is.
let ending = false;
process.once("SIGTERM", () => {
  ending = true;
});

async function writeUntilTheEnd(writer: number): Promise<void> {
  let pinned = writer % endpoints.length;
  for (let count = 0; !ending; count += 1) {
    const done = await write(`slipway-bench/${writer}/${count}`, pinned);
    pinned = done.pinned;
    process.stdout.write(`${JSON.stringify(done.write)}\n`);
    await pause(5);
  }
}

await Promise.all(Array.from({ length: writers }, (_, writer) => writeUntilTheEnd(writer)));
agent.destroy();
