import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CommandResult } from "../../hosts/port.ts";
import { Secret } from "../../hosts/secret.ts";
import { createAuthority } from "../../pki/certificate-authority.ts";
import { issueCertificate } from "../../pki/issue-certificate.ts";
import { type CurlRun, type CurlServer, curlReplies, curlRuns } from "./curl-requests.ts";
import type { KubeRequest } from "./kube-access.ts";

interface Seen {
  readonly client: string;
  readonly method: string;
  readonly path: string;
  readonly type: string | undefined;
  readonly accept: string | undefined;
  readonly body: string;
}

const folder = mkdtempSync(join(tmpdir(), "slipway-curl-"));
let server: Server;
let api: CurlServer;
const seen: Seen[] = [];
let connections = 0;

beforeAll(async () => {
  const now = new Date();
  const authority = await createAuthority("kubernetes", now);
  const names = { dnsNames: [], ipAddresses: ["127.0.0.1"] };
  const own = await issueCertificate(authority, { commonName: "kube", ...names, usages: ["server"] }, now);
  const client = await issueCertificate(
    authority,
    { commonName: "slipway", organizations: ["kubeadm:cluster-admins"], ...names, usages: ["client"] },
    now,
  );
  const path = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  server = createServer(
    {
      cert: own.certificate,
      key: own.key.reveal(),
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const socket = request.socket as import("node:tls").TLSSocket;
        const body = Buffer.concat(chunks).toString("utf8");
        seen.push({
          client: String(socket.getPeerCertificate().subject.CN),
          method: request.method ?? "",
          path: request.url ?? "",
          type: request.headers["content-type"],
          accept: request.headers.accept,
          body,
        });
        if (request.url === "/cut") return void socket.destroy();
        if (request.url === "/readyz") return void response.end("ok");
        response.statusCode = request.url === "/missing" ? 404 : 200;
        response.end(JSON.stringify({ agent: request.headers["user-agent"], got: body }));
      });
    },
  );
  server.on("secureConnection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api = {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificatePath: path("client.crt", client.certificate),
    keyPath: path("client.key", client.key.reveal()),
    authorityPath: path("ca.crt", authority.certificate),
  };
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function carriedOut(run: CurlRun): Promise<CommandResult> {
  const [program = "", ...args] = run.argv;
  const child = spawn(program, args, { env: { PATH: process.env.PATH ?? "", https_proxy: "http://127.0.0.1:1" } });
  child.stdin.end(run.stdin instanceof Secret ? run.stdin.reveal() : run.stdin);
  const outputs = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout.on("data", (chunk: Buffer) => outputs.stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => outputs.stderr.push(chunk));
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? -1));
  });
  const [stdout, stderr] = [Buffer.concat(outputs.stdout), Buffer.concat(outputs.stderr)];
  return { kind: "result", exitCode, stdout, stderr, truncated: false, durationMs: 0 };
}

async function asked(requests: readonly KubeRequest[], at: CurlServer = api) {
  seen.length = 0;
  const runs = curlRuns(at, requests);
  const parts = [];
  for (const run of runs) parts.push(curlReplies(run, await carriedOut(run)));
  return { runs, parts, replies: parts.flatMap((part) => part.replies) };
}

describe("requests to an API server through curl", () => {
  test("arrive as they are, with Slipway's certificate, over one connection", async () => {
    connections = 0;
    const awkward = `{"a":"quote \\" back\\\\slash $(id) \`id\` @file & % %{http_code} é\\n","b":'x',"#":"!"}`;
    const { runs, replies } = await asked([
      { method: "GET", path: "/api/v1/nodes?labelSelector=a%3Db,c%20in%20(d)&limit=5" },
      { method: "POST", path: "/api/v1/things/[x]{y}", body: awkward },
      { method: "PATCH", path: "/two", body: "line 1\nline\t2\r\n", contentType: "application/apply-patch+yaml" },
      { method: "DELETE", path: "/three", reply: "metadata" },
      { method: "GET", path: "/readyz" },
    ]);
    expect(runs).toHaveLength(1);
    expect(seen.map(({ client, method, path, body }) => [client, method, path, body])).toEqual([
      ["slipway", "GET", "/api/v1/nodes?labelSelector=a%3Db,c%20in%20(d)&limit=5", ""],
      ["slipway", "POST", "/api/v1/things/[x]{y}", awkward],
      ["slipway", "PATCH", "/two", "line 1\nline\t2\r\n"],
      ["slipway", "DELETE", "/three", ""],
      ["slipway", "GET", "/readyz", ""],
    ]);
    expect(seen.map((one) => one.type)).toEqual([
      undefined,
      "application/json",
      "application/apply-patch+yaml",
      undefined,
      undefined,
    ]);
    expect(seen[3]?.accept).toContain("as=PartialObjectMetadata");
    expect(replies.map((one) => one.status)).toEqual([200, 200, 200, 200, 200]);
    expect(replies[1]?.body).toEqual({ agent: "slipway", got: awkward });
    expect(replies[4]?.body).toBe("ok");
    expect(connections).toBe(1);
  });

  test("with a long body go as a process of their own, in their place", async () => {
    const long = JSON.stringify({ text: `@${'"\\'.repeat(100_000)}` });
    const { runs, replies } = await asked([
      { method: "GET", path: "/one" },
      { method: "PATCH", path: "/long", body: long },
      { method: "GET", path: "/two" },
    ]);
    expect(runs).toHaveLength(3);
    expect(seen.map((one) => one.path)).toEqual(["/one", "/long", "/two"]);
    expect(replies[1]?.body).toEqual({ agent: "slipway", got: long });
  });

  test("of nearly the greatest length still fit one configuration", async () => {
    const body = '"'.repeat(48 * 1024);
    const { runs, replies } = await asked([
      { method: "PATCH", path: "/one", body },
      { method: "PATCH", path: "/two", body },
    ]);
    expect(runs).toHaveLength(1);
    expect(replies.map((one) => one.status)).toEqual([200, 200]);
  });

  test("keep a secret out of the arguments and of everything that can be printed", async () => {
    for (const length of [20, 60_000]) {
      const planted = `planted-${"s".repeat(length)}`;
      const { runs } = await asked([{ method: "POST", path: "/secret", body: new Secret(planted) }]);
      expect(seen[0]?.body).toBe(planted);
      expect(JSON.stringify(runs)).not.toContain("planted");
    }
  });

  test("are answered with any status, and the ones behind are sent", async () => {
    const { replies } = await asked([
      { method: "GET", path: "/missing" },
      { method: "GET", path: "/there" },
    ]);
    expect(replies.map((one) => one.status)).toEqual([404, 200]);
  });

  test("that nobody listens to are known not to have been sent", async () => {
    const { parts } = await asked([{ method: "GET", path: "/one" }], { ...api, origin: "https://127.0.0.1:1" });
    expect(parts).toEqual([
      { replies: [], truncated: false, failure: { notSent: true, because: expect.stringContaining("127.0.0.1") } },
    ]);
    expect(seen).toEqual([]);
  });

  test("without a client certificate, or to somebody else's server, are known not to have been sent", async () => {
    for (const wrong of [
      { certificatePath: "/nonexistent" },
      { authorityPath: "/etc/ssl/certs/ca-certificates.crt" },
    ]) {
      const { parts } = await asked([{ method: "GET", path: "/one" }], { ...api, ...wrong });
      expect(parts[0]?.failure?.notSent).toBe(true);
    }
  });

  test("of which one was cut off keep the replies before it, and nothing behind it is sent", async () => {
    const { parts } = await asked([
      { method: "GET", path: "/one" },
      { method: "PATCH", path: "/cut", body: "{}" },
      { method: "PATCH", path: "/never", body: "{}" },
    ]);
    expect(parts[0]?.replies.map((one) => one.status)).toEqual([200]);
    expect(parts[0]?.failure?.notSent).toBe(false);
    expect(seen.map((one) => one.path)).not.toContain("/never");
  });
});
