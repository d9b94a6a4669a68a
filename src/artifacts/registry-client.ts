import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Architecture, architectures } from "./architecture.ts";
import { answerOf, download, type Fetch, notDownloaded } from "./download.ts";
import {
  completeReference,
  dockerListType,
  dockerManifestType,
  type ImageBlob,
  type ImageContent,
  ociIndexType,
  ociManifestType,
  sha256Of,
} from "./image-content.ts";

export interface RegistryOptions {
  readonly fetch: Fetch;
  /** Where layers are put on their way. */
  readonly workFolder: string;
  /** Base URLs to ask in place of a registry's own, by its host: "https://mirror.example". */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
}

interface Descriptor {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture?: string; readonly os?: string };
}
interface Manifest {
  readonly mediaType?: string;
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
}

const accepted = [ociIndexType, ociManifestType, dockerListType, dockerManifestType].join(", ");
/** The name of Docker Hub's images is not the name of its server. */
const servers: Readonly<Record<string, string>> = { "docker.io": "https://registry-1.docker.io" };

/**
 * Pulls an image for one architecture by the registries' HTTP API, version 2, every part checked against its digest.
 * Throws `artifact/not-downloaded` and `artifact/digest-differs`.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md (2026-11-21)
 */
export async function pullImage(
  reference: string,
  architecture: Architecture,
  options: RegistryOptions,
): Promise<ImageContent> {
  const ref = completeReference(reference);
  const { registry, name, tag } = partsOf(ref);
  const mirrors = options.mirrors?.[registry] ?? options.mirrors?._default ?? [];
  const bases = [...mirrors, servers[registry] ?? `https://${registry}`];
  let failure: unknown;
  for (const base of bases) {
    try {
      return await pullFrom(
        new Repository(base.replace(/\/+$/, ""), name, options.fetch),
        ref,
        tag,
        architecture,
        options,
      );
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

async function pullFrom(
  repository: Repository,
  ref: string,
  tag: string,
  architecture: Architecture,
  { workFolder }: RegistryOptions,
): Promise<ImageContent> {
  const { bytes, type } = await manifestFor(repository, ref, tag, architecture);
  const manifest = JSON.parse(bytes.toString("utf8")) as Manifest;
  if (manifest.config === undefined) throw notDownloaded(ref, "its manifest names no configuration");
  const blobs = new Map<string, ImageBlob>();
  for (const { digest } of [manifest.config, ...(manifest.layers ?? [])]) {
    // It becomes the name of a file here.
    const sha256 = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
    if (sha256 === undefined) throw notDownloaded(ref, `its manifest names a part by ${JSON.stringify(digest)}`);
    const path = join(workFolder, `${sha256}.blob`);
    const { sizeBytes } = await repository.blob(digest, path);
    blobs.set(digest, { digest, sizeBytes, read: () => createReadStream(path, { highWaterMark: 1024 * 1024 }) });
  }
  const { architecture: found } = JSON.parse(
    await readFile(join(workFolder, `${manifest.config.digest.slice("sha256:".length)}.blob`), "utf8"),
  ) as { readonly architecture?: string };
  if (found !== architecture)
    throw notDownloaded(ref, `it is for ${found ?? "nobody knows what"}, not for ${architecture}`);
  return { ref, architecture, manifest: bytes, manifestMediaType: type, blobs: [...blobs.values()] };
}

interface FoundManifest {
  readonly bytes: Buffer;
  readonly type: string;
}

/** The manifest itself, or the one for the architecture out of a list of them. */
async function manifestFor(
  repository: Repository,
  ref: string,
  tag: string,
  architecture: Architecture,
): Promise<FoundManifest> {
  const found = await repository.manifest(tag);
  if (found.type !== ociIndexType && found.type !== dockerListType) return found;
  const { manifests = [] } = JSON.parse(found.bytes.toString("utf8")) as Manifest;
  const chosen = manifests.find((one) => one.platform?.os === "linux" && one.platform.architecture === architecture);
  if (chosen !== undefined) return await repository.manifest(chosen.digest);
  const there = manifests.flatMap((one) => one.platform?.architecture ?? []).filter((one) => one !== "unknown");
  throw notDownloaded(
    ref,
    `it is there for ${there.join(", ")}, not for ${architecture} of ${architectures.join(", ")}`,
  );
}

/** One repository of a registry, with the token it asked for. */
class Repository {
  readonly #base: string;
  readonly #name: string;
  readonly #fetch: Fetch;
  #authorization: Readonly<Record<string, string>> = {};
  #tokenUrl: string | undefined;

  constructor(base: string, name: string, fetched: Fetch) {
    // An address that names the API's path already (a project of Harbor's) is used as it is, like containerd does.
    const root = /^https?:\/\/[^/]+\/v2(\/|$)/.test(base) ? base : `${base}/v2`;
    this.#base = `${root}/${name}`;
    this.#name = name;
    this.#fetch = fetched;
  }

  async manifest(tagOrDigest: string): Promise<FoundManifest> {
    const url = `${this.#base}/manifests/${tagOrDigest}`;
    const response = await this.#ask(url, { accept: accepted });
    const bytes = Buffer.from(await response.arrayBuffer());
    const digest = `sha256:${sha256Of(bytes)}`;
    if (tagOrDigest.startsWith("sha256:") && digest !== tagOrDigest)
      throw notDownloaded(url, `its digest is ${digest}`);
    const named = (JSON.parse(bytes.toString("utf8")) as Manifest).mediaType;
    return { bytes, type: named ?? response.headers.get("content-type")?.split(";")[0] ?? ociManifestType };
  }

  async blob(digest: string, path: string): Promise<{ readonly sizeBytes: number }> {
    const wanted = { sha256: digest.replace(/^sha256:/, "") };
    // Tokens live a few minutes, large layers take longer: each has one of its own.
    if (this.#tokenUrl !== undefined) await this.#authorize(this.#tokenUrl);
    return await download(this.#fetch, `${this.#base}/blobs/${digest}`, wanted, path, this.#authorization);
  }

  async #authorize(tokenUrl: string): Promise<void> {
    const answer = (await (await answerOf(this.#fetch, tokenUrl, {})).json()) as {
      readonly token?: string;
      readonly access_token?: string;
    };
    this.#tokenUrl = tokenUrl;
    this.#authorization = { authorization: `Bearer ${answer.token ?? answer.access_token ?? ""}` };
  }

  /** A registry that wants a token says where to get it, to anybody for public images. */
  async #ask(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const first = await this.#fetch(url, { headers: { ...headers, ...this.#authorization } }).catch(() => undefined);
    if (first?.status !== 401) {
      if (first?.ok === true) return first;
      await first?.body?.cancel();
      return await answerOf(this.#fetch, url, { headers: { ...headers, ...this.#authorization } });
    }
    await first.body?.cancel();
    const challenge = first.headers.get("www-authenticate") ?? "";
    const realm = /realm="([^"]+)"/.exec(challenge)?.[1];
    if (realm === undefined) throw notDownloaded(url, `the registry wants a login: ${challenge || "401"}`);
    const service = /service="([^"]+)"/.exec(challenge)?.[1];
    const scope = /scope="([^"]+)"/.exec(challenge)?.[1] ?? `repository:${this.#name}:pull`;
    const query = new URLSearchParams({ ...(service === undefined ? {} : { service }), scope });
    await this.#authorize(`${realm}?${query}`);
    return await answerOf(this.#fetch, url, { headers: { ...headers, ...this.#authorization } });
  }
}

function partsOf(ref: string): { readonly registry: string; readonly name: string; readonly tag: string } {
  const [registry = "", ...rest] = ref.split("/");
  const path = rest.join("/");
  const [byDigest, digest] = path.split("@");
  if (byDigest !== undefined && digest !== undefined)
    return { registry, name: byDigest.replace(/:[^/]*$/, ""), tag: digest };
  const colon = path.lastIndexOf(":");
  return { registry, name: path.slice(0, colon), tag: path.slice(colon + 1) };
}
