import { setTimeout as pause } from "node:timers/promises";
import type { Asked, Kind } from "./asked.ts";
import type { Load } from "./load.ts";
import { keptHttp1, keptHttp2, newConnections, type Target, Unanswered, type Way, type Wish } from "./ways.ts";

// A client that starts requests at a fixed rate, whatever became of those before, and tries again what client-go tries
// again, but only on connections it keeps. What to ask and the credentials come on the standard input.
const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { target, load } = JSON.parse(Buffer.concat(chunks).toString()) as { target: Target; load: Load };

/** k8s.io/client-go/rest/request.go: maxRetries (2026-11-21) */
const mostRetries = 10;

async function ask(kind: Kind, way: Way, wish: Wish): Promise<Asked> {
  const startedAt = Date.now();
  const retries: string[] = [];
  const over = (failure?: string): Asked => ({
    ...{ kind, method: wish.method, startedAt, endedAt: Date.now(), retries },
    ...(failure === undefined ? {} : { failure }),
  });
  const signal = AbortSignal.timeout(load.withinMs);
  for (;;) {
    const mayTryAgain = kind !== "new" && retries.length < mostRetries;
    try {
      const { status, retryAfterSeconds, text } = await way(wish, signal);
      if (status === 200) return over();
      const busy = status === 429 || status >= 500;
      if (!mayTryAgain || !busy || retryAfterSeconds === undefined) return over(`${status}: ${text.slice(0, 300)}`);
      retries.push(`${status} with Retry-After: ${retryAfterSeconds}`);
      await pause(retryAfterSeconds * 1000);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      if (!mayTryAgain || !error.mayTryAgain) return over(error.message);
      retries.push(`kept connection closed before an answer (${error.message})`);
    }
  }
}

/** When requests that are not decided yet were started. */
const undecided = new Set<{ readonly since: number }>();
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
// Whoever started this is gone, and with them what it is for.
process.stdout.once("error", () => process.exit(1));
setInterval(() => say({ decidedUntil: Math.min(Date.now(), ...[...undecided].map(({ since }) => since)) }), 250);

let ending = false;
process.once("SIGTERM", () => {
  ending = true;
});

/** One request after the other on each of the ways in turn, a write among so many reads. */
async function keepAsking(kind: Kind, ways: readonly Way[]): Promise<void> {
  const everyMs = 1000 / load.perSecond[kind];
  const underWay = new Set<Promise<void>>();
  const first = performance.now();
  for (let count = 0; !ending; count += 1) {
    await pause(Math.max(0, first + count * everyMs - performance.now()));
    const at = count % ways.length;
    const way = ways[at];
    if (way === undefined) throw new Error("no way to ask");
    const path = `${load.folder}/${kind}-${at}`;
    const turn = Math.floor(count / ways.length) + at;
    const patch = JSON.stringify({ data: { count: String(count) } });
    const wish: Wish = turn % load.writeEvery === 0 ? { method: "PATCH", path, body: patch } : { method: "GET", path };
    const own = { since: Date.now() };
    undecided.add(own);
    const done = ask(kind, way, wish).then((asked) => {
      undecided.delete(own);
      underWay.delete(done);
      say({ asked });
    });
    underWay.add(done);
  }
  await Promise.all(underWay);
}

const several = (make: () => Way) => Array.from({ length: load.connections }, make);
await Promise.all([
  keepAsking(
    "new",
    several(() => newConnections(target)),
  ),
  keepAsking(
    "http1",
    several(() => keptHttp1(target)),
  ),
  keepAsking(
    "http2",
    several(() => keptHttp2(target)),
  ),
]);
process.exit(0);
