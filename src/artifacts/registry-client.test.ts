import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ProblemError } from "../problems/problem.ts";
import { download, type Fetch } from "./download.ts";
import { manifestDigest, ociConfigType, ociIndexType, ociManifestType, sha256Of } from "./image-content.ts";
import { pullImage } from "./registry-client.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "slipway-registry-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A registry in memory: images by tag for two architectures, a token for whoever asks, and transfers that break off. */
function fakeRegistry(
  options: {
    readonly wantsToken?: boolean;
    readonly breaksAfterBytes?: number;
    readonly garbles?: boolean;
    readonly at?: string;
    readonly digests?: (digest: string) => string;
  } = {},
) {
  const blobs = new Map<string, Buffer>();
  const put = (bytes: Buffer) => {
    const digest = `sha256:${sha256Of(bytes)}`;
    blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  };
  const whole = put(Buffer.alloc(50_000, "layer"));
  const layer = { ...whole, digest: options.digests?.(whole.digest) ?? whole.digest };
  const manifests = ["amd64", "arm64"].map((architecture) => {
    const config = put(Buffer.from(JSON.stringify({ architecture, os: "linux" })));
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: ociManifestType,
        config: { mediaType: ociConfigType, ...config },
        layers: [{ mediaType: "layer", ...layer }],
      }),
    );
    return { ...put(manifest), mediaType: ociManifestType, platform: { architecture, os: "linux" } };
  });
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests }));
  const asked: string[] = [];
  const { at = "/v2" } = options;
  let token = { number: 0, uses: 0 };
  let broken = 0;
  const newToken = (asks: URLSearchParams) => {
    token = { number: token.number + 1, uses: 0 };
    return `for ${asks.get("scope")} of ${asks.get("service")} ${token.number}`;
  };
  const respond: Fetch = (url, init) => {
    const headers = new Headers(init?.headers);
    asked.push(`${url}${headers.has("range") ? ` ${headers.get("range")}` : ""}`);
    const { host, pathname, searchParams } = new URL(url);
    if (host === "token.example") return Promise.resolve(Response.json({ token: newToken(searchParams) }));
    if (host !== "registry.example")
      return Promise.reject(new TypeError("fetch failed", { cause: new Error("no route") }));
    // A token that has served twice is too old.
    const isGood = headers.get("authorization") === `Bearer for repository:team/app:pull of there ${token.number}`;
    token.uses += 1;
    if (options.wantsToken === true && (!isGood || token.uses > 2)) {
      const challenge = 'Bearer realm="https://token.example/auth",service="there",scope="repository:team/app:pull"';
      return Promise.resolve(new Response("", { status: 401, headers: { "www-authenticate": challenge } }));
    }
    if (pathname === `${at}/team/app/manifests/v1`)
      return Promise.resolve(new Response(new Uint8Array(index), { headers: { "content-type": ociIndexType } }));
    if (pathname === `${at}/team/app/manifests/only-amd64`)
      return Promise.resolve(new Response(new Uint8Array(blobs.get(manifests[0]?.digest ?? "") ?? [])));
    const [, digest = ""] = /\/team\/app\/(?:manifests|blobs)\/(.+)$/.exec(pathname) ?? [];
    const bytes = blobs.get(digest);
    if (bytes === undefined) return Promise.resolve(new Response("", { status: 404, statusText: "Not Found" }));
    const from = Number(/^bytes=(\d+)-$/.exec(headers.get("range") ?? "")?.[1] ?? 0);
    const rest =
      options.garbles === true && bytes.length === 50_000 ? Buffer.alloc(50_000, "other") : bytes.subarray(from);
    const status = from > 0 ? 206 : 200;
    if (options.breaksAfterBytes === undefined || bytes.length !== 50_000 || broken >= 2)
      return Promise.resolve(new Response(new Uint8Array(rest), { status }));
    broken += 1;
    const part = rest.subarray(0, options.breaksAfterBytes);
    let sent = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent) controller.error(new Error("cut"));
        else controller.enqueue(new Uint8Array(part));
        sent = true;
      },
    });
    return Promise.resolve(new Response(body, { status }));
  };
  return {
    fetch: respond,
    asked,
    digestOf: (architecture: string) => manifests.find((one) => one.platform.architecture === architecture)?.digest,
  };
}

async function problemOf(promise: Promise<unknown>) {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ProblemError) return error.problem;
  throw new Error(`no problem but ${String(error)}`);
}

const ref = "registry.example/team/app:v1";

describe("pulling an image", () => {
  test("takes the one for the architecture, with a token where one is wanted", async () => {
    const registry = fakeRegistry({ wantsToken: true });
    const image = await pullImage(ref, "arm64", { fetch: registry.fetch, workFolder: dir });
    expect(manifestDigest(image)).toBe(registry.digestOf("arm64"));
    expect(image.blobs.map((blob) => blob.sizeBytes)).toEqual([37, 50_000]);
    // One for the manifests, one for each part.
    expect(registry.asked.filter((url) => url.startsWith("https://token.example/"))).toHaveLength(3);
  });

  test("goes on where a transfer broke off, and checks the whole", async () => {
    const registry = fakeRegistry({ breaksAfterBytes: 20_000 });
    await pullImage(ref, "amd64", { fetch: registry.fetch, workFolder: dir });
    const ranges = registry.asked.flatMap((url) => / (bytes=.*)$/.exec(url)?.[1] ?? []);
    expect(ranges).toEqual(["bytes=20000-", "bytes=40000-"]);
  });

  test("asks the mirrors first, and the registry itself when they do not answer", async () => {
    const registry = fakeRegistry();
    const mirrors = { "registry.example": ["https://mirror.example/hub"] };
    await pullImage(ref, "amd64", { fetch: registry.fetch, workFolder: dir, mirrors });
    expect(registry.asked[0]).toBe("https://mirror.example/hub/v2/team/app/manifests/v1");
    const renamed = { "other.example": ["https://registry.example"] };
    const image = await pullImage("other.example/team/app:v1", "amd64", {
      fetch: registry.fetch,
      workFolder: dir,
      mirrors: renamed,
    });
    expect(image.ref).toBe("other.example/team/app:v1");
  });

  test("asks a mirror whose address names the API's path there, and one for all registries", async () => {
    const registry = fakeRegistry({ at: "/v2/proxy" });
    for (const name of ["other.example", "_default"]) {
      const mirrors = { [name]: ["https://registry.example/v2/proxy"] };
      const image = await pullImage("other.example/team/app:v1", "amd64", { ...options(registry), mirrors });
      expect(manifestDigest(image)).toBe(registry.digestOf("amd64"));
    }
  });

  test("takes none of another architecture that comes alone", async () => {
    const pull = (architecture: "amd64" | "arm64") =>
      pullImage("registry.example/team/app:only-amd64", architecture, options(fakeRegistry()));
    expect((await pull("amd64")).architecture).toBe("amd64");
    expect(await problemOf(pull("arm64"))).toMatchObject({ because: "it is for amd64, not for arm64" });
  });

  test("writes no file under a name that a manifest makes up", async () => {
    const registry = fakeRegistry({ digests: () => "sha256:../../outside" });
    expect((await problemOf(pullImage(ref, "amd64", options(registry)))).because).toContain("../../outside");
  });

  const options = (registry: ReturnType<typeof fakeRegistry>) => ({ fetch: registry.fetch, workFolder: dir });

  test("says what is missing, and takes nothing whose digest is another one", async () => {
    const pull = (name: string, registry = fakeRegistry()) =>
      problemOf(pullImage(name, "amd64", { fetch: registry.fetch, workFolder: dir }));
    expect(await pull("registry.example/team/app:v2")).toMatchObject({
      code: "artifact/not-downloaded",
      because: "the server answers 404 Not Found",
    });
    expect((await pull("nowhere.example/team/app:v1")).because).toBe("fetch failed: no route");
    expect(await pull(ref, fakeRegistry({ garbles: true }))).toMatchObject({ code: "artifact/digest-differs" });
  });
});

describe("downloading a file", () => {
  const files: Readonly<Record<string, string>> = {
    "https://files.example/a.tgz": "content",
    "https://files.example/a.tgz.sha256": `${sha256Of("content")}\n`,
    "https://files.example/SHA256SUMS": `${sha256Of("x")}  b.tgz\n${sha256Of("content")}  a.tgz\n`,
    "https://files.example/page": "<html>",
  };
  const fetched: Fetch = (url) => {
    const text = files[url];
    return Promise.resolve(text === undefined ? new Response("", { status: 503 }) : new Response(text));
  };

  test.each(["https://files.example/a.tgz.sha256", "https://files.example/SHA256SUMS"])(
    "is checked against %s",
    async (published) => {
      const path = join(dir, "a");
      await download(fetched, "https://files.example/a.tgz", { published }, path);
      expect(readFileSync(path, "utf8")).toBe("content");
    },
  );

  test("fails by name when the digest is another one, is no digest, or nothing answers", async () => {
    const problem = (digest: Parameters<typeof download>[2], url = "https://files.example/a.tgz") =>
      problemOf(download(fetched, url, digest, join(dir, "a")));
    expect((await problem({ sha256: sha256Of("other") })).code).toBe("artifact/digest-differs");
    expect((await problem({ published: "https://files.example/page" })).because).toContain("<html>");
    expect((await problem({ sha256: "" }, "https://files.example/none")).because).toBe("the server answers 503");
  });
});
