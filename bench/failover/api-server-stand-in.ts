import { createServer } from "node:https";

// Answers /readyz over TLS as an API server does. Certificate and key come on the standard input.
const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const pem = Buffer.concat(chunks).toString();
createServer({ cert: pem, key: pem }, (asked, answer) => {
  const isReady = asked.url === "/readyz";
  answer.writeHead(isReady ? 200 : 404, { "content-type": "text/plain", connection: "close" });
  answer.end(isReady ? "ok" : "");
}).listen(6443, "0.0.0.0", () => process.stdout.write("listening\n"));
