import { createHash, randomBytes } from "node:crypto";
import type { CommandResult } from "../../hosts/port.ts";
import { Secret } from "../../hosts/secret.ts";
import type { KubeReply, KubeRequest } from "./kube-access.ts";

/** An API server and what curl proves itself to it with; the paths are on the host curl runs on. */
export interface CurlServer {
  /** "https://10.0.0.11:6443". */
  readonly origin: string;
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly authorityPath: string;
}

/** One curl process and the requests it carries out, in order. */
export interface CurlRun {
  readonly requests: readonly KubeRequest[];
  readonly argv: readonly string[];
  readonly stdin: string | Secret;
  /** Stands in the output behind every reply. */
  readonly mark: string;
  readonly timeoutMs: number;
}

/** How a curl process ended: the replies it got before it failed, and why it did. */
export interface CurlReplies {
  readonly replies: readonly KubeReply[];
  /** Set when a request got no reply; those behind it were not sent. */
  readonly failure?: {
    readonly because: string;
    /** True when no connection was made, so that nothing can have reached the server. */
    readonly notSent: boolean;
  };
  /** The output is longer than what is kept of it, so replies are missing. */
  readonly truncated: boolean;
}

const connectTimeoutSeconds = 5;
/** kube-apiserver's own limit of a request unless it is set: --request-timeout. */
const requestTimeoutSeconds = 60;

/**
 * curl 7.71 to 8.1 take lines of up to 100 KiB in a configuration file (MAX_CONFIG_LINE_LENGTH in src/tool_parsecfg.c,
 * 2026-11-21). Escaping doubles a text at most.
 */
const longestBodyBytes = 48 * 1024;

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches (2026-11-21) */
const metadataOnly = {
  metadata: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,",
  "metadata-list": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,",
} as const;

/** Nobody who writes an object into the cluster can know it, so no reply can forge the end of another. */
const salt = randomBytes(16).toString("hex");

/**
 * Requests as few curl processes: one for all small ones, fed with a configuration on its standard input, so that
 * neither bodies nor their secrets are among any process's arguments. A long body gets a process of its own.
 */
export function curlRuns(server: CurlServer, requests: readonly KubeRequest[]): readonly CurlRun[] {
  const groups: KubeRequest[][] = [];
  let open: KubeRequest[] | undefined;
  for (const request of requests) {
    if (bodyBytes(request.body) > longestBodyBytes) {
      groups.push([request]);
      open = undefined;
    } else if (open === undefined) {
      open = [request];
      groups.push(open);
    } else open.push(request);
  }
  return groups.map((group) => curlRun(server, group));
}

function curlRun(server: CurlServer, requests: readonly KubeRequest[]): CurlRun {
  const [first] = requests;
  const texts = requests.map((one) => `${one.method} ${one.path} ${one.reply ?? ""} ${digestOf(one.body)}`);
  // The same questions have the same mark, so that two steps that ask them send them once.
  const mark = `slipway-${createHash("sha256")
    .update([salt, server.origin, ...texts].join("\n"))
    .digest("hex")
    .slice(0, 32)}`;
  const timeoutMs = Math.min(600, requestTimeoutSeconds * requests.length) * 1000 + connectTimeoutSeconds * 1000;
  if (requests.length === 1 && first?.body !== undefined && bodyBytes(first.body) > longestBodyBytes) {
    const options = optionsOf(server, first, mark).flatMap(([name, value]) =>
      value === undefined ? [`--${name}`] : [`--${name}`, value],
    );
    const argv = ["curl", "--disable", ...options, "--data-binary", "@-"];
    return { requests, argv, stdin: first.body, mark, timeoutMs };
  }
  const blocks = requests.map((request) => {
    const options = optionsOf(server, request, mark).map(([name, value]) =>
      value === undefined ? name : `${name} = ${quoted(value)}`,
    );
    const body = request.body === undefined ? [] : [`data-raw = ${quoted(revealed(request.body))}`];
    return [...options, ...body].join("\n");
  });
  const text = `${blocks.join("\nnext\n")}\n`;
  const stdin = requests.some((one) => one.body instanceof Secret) ? new Secret(text) : text;
  return { requests, argv: ["curl", "--disable", "--config", "-"], stdin, mark, timeoutMs };
}

function optionsOf(server: CurlServer, request: KubeRequest, mark: string): readonly (readonly [string, string?])[] {
  return [
    ["fail-early"],
    ["silent"],
    ["show-error"],
    ["globoff"],
    ["noproxy", "*"],
    // For a client called curl the API server indents its replies.
    ["user-agent", "slipway"],
    ["cert", server.certificatePath],
    ["key", server.keyPath],
    ["cacert", server.authorityPath],
    ["connect-timeout", String(connectTimeoutSeconds)],
    ["max-time", String(requestTimeoutSeconds)],
    ["request", request.method],
    ["header", `Accept: ${request.reply === undefined ? "" : metadataOnly[request.reply]}application/json`],
    ...(request.body === undefined
      ? []
      : ([
          ["header", `Content-Type: ${request.contentType ?? "application/json"}`],
          // curl would wait for a "100 Continue" before a long body.
          ["header", "Expect:"],
        ] as const)),
    ["url", `${server.origin}${request.path}`],
    ["write-out", `\\n${mark} %{http_code}\\n`],
  ];
}

/** A value of a curl configuration file. https://curl.se/docs/manpage.html#-K (2026-11-21) */
function quoted(value: string): string {
  const escaped = value
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return `"${escaped}"`;
}

/** Reads the replies out of what a curl process of `curlRuns` has written. */
export function curlReplies(run: CurlRun, result: CommandResult): CurlReplies {
  const output = result.stdout.toString("utf8");
  const end = new RegExp(`\\n${run.mark} (\\d{3})\\n`, "g");
  const replies: KubeReply[] = [];
  let from = 0;
  for (const match of output.matchAll(end)) {
    replies.push({ status: Number(match[1]), body: bodyOf(output.slice(from, match.index)) });
    from = match.index + match[0].length;
  }
  if (result.truncated) return { replies: [], truncated: true };
  if (replies.length === run.requests.length && result.exitCode === 0) return { replies, truncated: false };
  // What curl wrote last before it failed is of the request that failed, if it got as far as writing anything.
  const answered = result.exitCode === 0 ? replies : replies.slice(0, -1);
  const notSent = neverConnected.has(result.exitCode);
  return { replies: answered, failure: { because: reasonOf(result), notSent }, truncated: false };
}

/**
 * Exit codes of curl that mean no request was sent: bad address or certificate files, no connection, failed handshake,
 * and the shell's for a curl that is not there. https://curl.se/docs/manpage.html#EXIT (2026-11-21)
 */
const neverConnected = new Set([2, 3, 5, 6, 7, 35, 53, 54, 58, 59, 60, 66, 77, 83, 126, 127]);

function reasonOf(result: CommandResult): string {
  if (result.exitCode === 127) return "curl is not installed";
  const said =
    result.stderr
      .toString("utf8")
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^curl: /, "") ?? "";
  return said === "" ? `curl ended with exit code ${result.exitCode} and without a reply` : said;
}

function bodyOf(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return text;
    throw cause;
  }
}

function bodyBytes(body: string | Secret | undefined): number {
  if (body === undefined) return 0;
  return typeof body === "string" ? Buffer.byteLength(body) : body.reveal().length;
}

function digestOf(body: string | Secret | undefined): string {
  if (body === undefined) return "";
  return typeof body === "string" ? createHash("sha256").update(body).digest("hex") : body.digest();
}

function revealed(body: string | Secret): string {
  return typeof body === "string" ? body : body.reveal().toString("utf8");
}
