import type { KubeObject } from "../../src/cluster/kube/kube-object.ts";
import { type ObjectReference, objectPath, referenceOf } from "../../src/cluster/kube/object-path.ts";
import type { FakeCall, FakeResult, FakeRun } from "./fake-host-script.ts";

/** A request that arrived at the fake API. */
export interface FakeKubeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/**
 * A Kubernetes API in memory, for unit tests: it stands for the curl processes that `kubeAsk` and `kubeSend` start on a
 * control plane host. Usage:
 *
 *     const kube = new FakeKube();
 *     const hosts = fakeHosts({ hosts: { "cp-1": { files: kube.files, runs: [kube.run] } } });
 *     kube.put({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "b" }, data: {} });
 *
 * It knows GET of objects and lists (label selectors, pages), server-side apply of one owner, dry runs, POST and DELETE.
 */
export class FakeKube {
  /** What makes a fake host a control plane that has been initialised. */
  readonly files = { "/etc/kubernetes/manifests/kube-apiserver.yaml": "" };
  /** Every request that was carried out, in order. */
  readonly requests: FakeKubeRequest[] = [];
  /** "answers" to everything, or nobody listens. */
  listening = true;
  /** Answers before the API does. */
  intercept: ((request: FakeKubeRequest) => Reply | undefined) | undefined;
  /** What an object becomes when it is written: the API's own defaults. */
  defaulted: (object: KubeObject) => KubeObject = (object) => object;
  readonly #objects = new Map<string, { object: KubeObject; applied: unknown }>();
  #version = 100;

  /** One row for a fake host's table of commands. */
  get run(): FakeRun {
    return { argv: ["curl", "--disable"], answer: (call) => this.#curl(call) };
  }

  /** Requests as text, without queries: "PATCH /api/v1/...". Those that change nothing are left out. */
  changes(): string[] {
    return this.requests
      .filter((one) => one.method !== "GET" && !one.query.has("dryRun"))
      .map((one) => `${one.method} ${one.path}`);
  }

  /** Puts an object there as somebody else would. */
  put(object: KubeObject): void {
    this.#store(objectPath(referenceOf(object)), object, undefined);
  }

  get(reference: ObjectReference): KubeObject | undefined {
    return this.#objects.get(objectPath(reference))?.object;
  }

  /** Changes a live object behind everybody's back: a status, or a field edited by hand. */
  edit(reference: ObjectReference, change: (object: KubeObject) => KubeObject): void {
    const path = objectPath(reference);
    const there = this.#objects.get(path);
    if (there === undefined) throw new Error(`the fake API has no ${path}`);
    this.#store(path, change(there.object), there.applied);
  }

  /** All objects of a kind, in the order they were made. */
  list(kind: string): readonly KubeObject[] {
    return [...this.#objects.values()].map((one) => one.object).filter((one) => one.kind === kind);
  }

  /** Takes an object away behind everybody's back. */
  remove(reference: ObjectReference): void {
    this.#objects.delete(objectPath(reference));
  }

  #curl(call: FakeCall): FakeResult {
    const blocks = call.argv.includes("--config") ? fromConfig(call.stdin ?? "") : [fromArguments(call)];
    if (!this.listening) return { exitCode: 7, stderr: "curl: (7) Failed to connect to 10.0.0.11 port 6443\n" };
    let stdout = "";
    for (const block of blocks) {
      const url = new URL(block.get("url") ?? "");
      const request = {
        method: block.get("request") ?? "GET",
        path: url.pathname,
        query: url.searchParams,
        body: block.get("data-raw") ?? "",
      };
      const reply = this.intercept?.(request) ?? this.#answer(request);
      this.requests.push(request);
      const mark = /slipway-[0-9a-f]{32}/.exec(block.get("write-out") ?? "")?.[0];
      const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
      stdout += `${text}\n${mark} ${reply.status}\n`;
    }
    return { stdout };
  }

  #answer(request: FakeKubeRequest): Reply {
    const there = this.#objects.get(request.path);
    switch (request.method) {
      case "GET":
        if (there !== undefined) return { status: 200, body: there.object };
        return isCollection(request.path) ? this.#list(request) : notFound(request.path);
      case "PATCH":
        return this.#apply(request, there);
      case "POST": {
        const object = JSON.parse(request.body) as KubeObject;
        const path = objectPath(referenceOf(object));
        if (this.#objects.has(path)) return failure(409, "AlreadyExists", `${path} already exists`);
        return { status: 201, body: this.#store(path, object, undefined) };
      }
      case "DELETE": {
        if (isCollection(request.path)) {
          const { body } = this.#list(request);
          for (const object of (body as { readonly items: readonly KubeObject[] }).items)
            this.remove(referenceOf(object));
          return { status: 200, body };
        }
        if (there === undefined) return notFound(request.path);
        const { preconditions } = JSON.parse(request.body || "{}") as { preconditions?: { uid?: string } };
        if (preconditions?.uid !== undefined && preconditions.uid !== there.object.metadata.uid)
          return failure(409, "Conflict", "the UID in the precondition does not match");
        this.#objects.delete(request.path);
        return { status: 200, body: { kind: "Status", status: "Success" } };
      }
      default:
        return failure(405, "MethodNotAllowed", request.method);
    }
  }

  #apply(request: FakeKubeRequest, there: { object: KubeObject; applied: unknown } | undefined): Reply {
    const wanted = JSON.parse(request.body) as KubeObject;
    const { namespace } = wanted.metadata;
    const isThere = namespace === undefined || namespace === "kube-system" || namespace === "default";
    if (!isThere && !this.#objects.has(`/api/v1/namespaces/${namespace}`))
      return failure(404, "NotFound", `namespaces "${namespace}" not found`);
    const merged = merge(without(there?.object ?? {}, there?.applied, wanted), wanted) as KubeObject;
    const object = this.defaulted(merged);
    const status = there === undefined ? 201 : 200;
    if (request.query.has("dryRun")) return { status, body: object };
    const same = there !== undefined && JSON.stringify(there.object) === JSON.stringify(object);
    return { status, body: same ? there.object : this.#store(request.path, object, wanted) };
  }

  #list(request: FakeKubeRequest): Reply {
    const selector = (request.query.get("labelSelector") ?? "").split(",").filter((one) => one !== "");
    const name = request.path.split("/").at(-1) ?? "";
    const prefix = request.path.slice(0, -name.length - 1);
    const all = [...this.#objects].filter(([path, { object }]) => {
      const inside = path.startsWith(`${prefix}/`) && path.split("/").at(-2) === name;
      const labels = object.metadata.labels ?? {};
      return inside && selector.every((one) => labels[one.split("=")[0] ?? ""] === one.split("=")[1]);
    });
    const from = Number(request.query.get("continue") ?? 0);
    const limit = Number(request.query.get("limit") ?? 0) || all.length;
    const items = all.slice(from, from + limit).map(([, { object }]) => object);
    const next = from + limit < all.length ? { continue: String(from + limit) } : {};
    return { status: 200, body: { kind: "List", apiVersion: "v1", metadata: next, items } };
  }

  #store(path: string, object: KubeObject, applied: unknown): KubeObject {
    this.#version += 1;
    const uid = object.metadata.uid ?? `uid-${this.#version}`;
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(this.#version) } };
    this.#objects.set(path, { object: stored, applied });
    return stored;
  }
}

function isCollection(path: string): boolean {
  const parts = path.replace(/^\/(api\/[^/]+|apis\/[^/]+\/[^/]+)\//, "").split("/");
  return parts.length === 1 || (parts[0] === "namespaces" && parts.length === 3);
}

function notFound(path: string): Reply {
  return failure(404, "NotFound", `${path} not found`);
}

function failure(code: number, reason: string, message: string): Reply {
  return { status: code, body: { kind: "Status", status: "Failure", code, reason, message } };
}

function fromConfig(text: string): readonly ReadonlyMap<string, string>[] {
  return text.split(/\nnext\n/).map((block) => {
    const options = block.split("\n").map((line): [string, string] => {
      const match = /^([a-z-]+) = "(.*)"$/.exec(line);
      if (match === null) return [line, ""];
      const unescaped = (match[2] ?? "").replace(/\\(.)/g, (_all, one: string) => escapes[one] ?? one);
      return [match[1] ?? "", unescaped];
    });
    return new Map(options);
  });
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function fromArguments(call: FakeCall): ReadonlyMap<string, string> {
  const options = new Map<string, string>([["data-raw", call.stdin ?? ""]]);
  for (const name of ["url", "request", "write-out"])
    options.set(name, call.argv[call.argv.indexOf(`--${name}`) + 1] ?? "");
  return options;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function merge(live: unknown, wanted: unknown): unknown {
  if (!isRecord(live) || !isRecord(wanted)) return wanted;
  const merged = Object.entries(wanted).map(([name, value]) => [name, merge(live[name], value)] as const);
  return { ...live, ...Object.fromEntries(merged) };
}

/** What was applied before and is not any more goes away. */
function without(live: unknown, applied: unknown, wanted: unknown): unknown {
  if (!isRecord(live) || !isRecord(applied)) return live;
  return Object.fromEntries(
    Object.entries(live).flatMap(([name, value]) => {
      const now = isRecord(wanted) ? wanted[name] : undefined;
      if (!(name in applied)) return [[name, value]];
      if (now === undefined && !isRecord(value)) return [];
      return [[name, without(value, applied[name], now)]];
    }),
  );
}
