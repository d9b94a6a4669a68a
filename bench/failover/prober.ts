import { request } from "node:https";

// A client: a new TLS connection and one GET /readyz every so often, whatever became of those before.
const [host = "", port = "", everyMs = "", withinMs = ""] = process.argv.slice(2);

function ask(): Promise<string> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(Number(withinMs));
    const asked = request(
      // The stand-in's certificate is signed by nobody; this is about time and not about trust.
      { host, port, path: "/readyz", agent: false, rejectUnauthorized: false, signal },
      (answer) => {
        answer.resume();
        answer.once("end", () => resolve(answer.statusCode === 200 ? "" : `status ${answer.statusCode}`));
        answer.once("error", (error) => resolve(error.message));
      },
    );
    asked.once("error", (error) => resolve(signal.aborted ? "no answer in time" : error.message));
    asked.end();
  });
}

async function probe(): Promise<void> {
  const startedAt = Date.now();
  const failure = await ask();
  process.stdout.write(`${JSON.stringify({ startedAt, endedAt: Date.now(), ...(failure !== "" && { failure }) })}\n`);
}

setInterval(() => void probe(), Number(everyMs));
