import { createReadStream } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { createGzip } from "node:zlib";
import type { Architecture } from "./architecture.ts";
import type { ArtifactSource } from "./artifact-source.ts";
import type { BundleArtifact } from "./bundle-index.ts";
import type { BundleContents } from "./bundle-writer.ts";
import { publishedChart } from "./chart-repository.ts";
import { download } from "./download.ts";
import { folderMembers, tarOf } from "./folder-tar.ts";
import { type GivenFolder, lookThrough } from "./given-folder.ts";
import { readImageArchive } from "./image-archive-reader.ts";
import { type StagedFile, writeImageArchive, writePieces } from "./image-archive-writer.ts";
import { type ImageContent, manifestDigest } from "./image-content.ts";
import { oneLayerImage } from "./one-layer-image.ts";
import { packageFolder } from "./package-folder.ts";
import { pullImage, type RegistryOptions } from "./registry-client.ts";

/** Everything a set of hosts needs, by name. */
export interface Wanted {
  readonly files: ReadonlySet<string>;
  /** "amd64 registry.k8s.io/pause:3.10.2" */
  readonly images: ReadonlySet<string>;
  /** Names by distribution and architecture: "debian-12 amd64". */
  readonly packages: ReadonlyMap<string, ReadonlySet<string>>;
}

/** How an image is named among what is wanted. */
export function imageKey(architecture: Architecture, ref: string): string {
  return `${architecture} ${ref}`;
}

export interface GatherOptions {
  /** Undefined: everything there is. */
  readonly wanted?: Wanted;
  /** Asked once all files are there, where charts may name more images: everything that is wanted then. */
  readonly wantedWith?: (bytesOf: (file: string) => Promise<Buffer | undefined>) => Promise<Wanted>;
  /** A folder for what has to be made on the way; the caller removes it. */
  readonly workFolder: string;
  /** Where to get what is wanted and not in the folder; absent: nowhere. */
  readonly download?: DownloadOptions;
  /** Called with the name of each artifact before it is made. */
  onProgress?(name: string): void;
}

/** What downloads need to know. */
export interface DownloadOptions extends Pick<RegistryOptions, "fetch" | "mirrors"> {
  /** Tells the address of a file. */
  readonly source: ArtifactSource;
}

/** What a folder has of what is wanted, and what can be downloaded of the rest, ready to be written into a bundle. */
export async function gather(folder: string | undefined, options: GatherOptions): Promise<BundleContents> {
  const { download, wantedWith } = options;
  const given = folder === undefined ? undefined : await lookThrough(folder);
  const gathering = new Gathering(options);
  if (given !== undefined) await gathering.files(given);
  if (download !== undefined) await gathering.downloadFiles(download);
  const more = await wantedWith?.((name) => gathering.bytesOf(name));
  if (options.wanted !== undefined) gathering.wanted = more ?? options.wanted;
  if (given !== undefined) await imagesAndPackages(given, gathering);
  if (download !== undefined) await gathering.downloadImages(download);
  return gathering;
}

async function imagesAndPackages(given: GivenFolder, gathering: Gathering): Promise<void> {
  for (const path of given.imageArchives) {
    for (const image of await readImageArchive(path)) await gathering.image(image.ref, image.architecture, () => image);
  }
  for (const image of given.images) {
    await gathering.image(image.ref, image.architecture, () => oneLayerImage(image, gathering.newPath("layer.tar.gz")));
  }
  await gathering.packages(given);
}

class Gathering implements BundleContents {
  readonly artifacts: BundleArtifact[] = [];
  readonly paths = new Map<string, string>();
  wanted: Wanted | undefined;
  readonly #options: GatherOptions;
  #made = 0;

  constructor(options: GatherOptions) {
    this.#options = options;
    this.wanted = options.wanted;
  }

  /** Of a file that is there already. */
  async bytesOf(name: string): Promise<Buffer | undefined> {
    const found = this.artifacts.find((one) => one.kind === "file" && one.name === name);
    const path = found === undefined ? undefined : this.paths.get(found.sha256);
    return path === undefined ? undefined : await readFile(path);
  }

  newPath(suffix: string): string {
    this.#made += 1;
    return join(this.#options.workFolder, `${this.#made}.${suffix}`);
  }

  async files({ files }: GivenFolder): Promise<void> {
    for (const [name, { path, kind }] of files) {
      if (this.wanted?.files.has(name) === false) continue;
      this.#options.onProgress?.(name);
      // A copy, so that what is written later is what was hashed.
      const bytes = kind === "file" ? pieces(path) : await tarball(path);
      this.#add({ kind: "file", name }, await writePieces(this.newPath("file"), bytes));
    }
  }

  /** The first one of a name wins. */
  async image(
    name: string,
    architecture: Architecture,
    make: () => ImageContent | Promise<ImageContent>,
  ): Promise<void> {
    if (this.wanted?.images.has(imageKey(architecture, name)) === false) return;
    const known = this.artifacts.some(
      (one) => one.kind === "image" && one.name === name && one.architecture === architecture,
    );
    if (known) return;
    this.#options.onProgress?.(name);
    const image = await make();
    const staged = await writeImageArchive(image, this.newPath("image.tar"));
    this.#add({ kind: "image", name, architecture, digest: manifestDigest(image) }, staged);
  }

  async packages({ packages }: GivenFolder): Promise<void> {
    for (const [distribution, debs] of packages) {
      for (const architecture of ["amd64", "arm64"] as const) {
        const wanted = this.wanted?.packages.has(`${distribution} ${architecture}`) ?? true;
        if (!wanted) continue;
        this.#options.onProgress?.(`packages of ${distribution} for ${architecture}`);
        const made = await packageFolder(distribution, architecture, debs, this.#options.workFolder);
        if (made === undefined) continue;
        this.artifacts.push(...made.artifacts);
        this.paths.set(made.sha256, made.path);
      }
    }
  }

  async downloadFiles({ source, fetch }: DownloadOptions): Promise<void> {
    const there = new Set(this.artifacts.map((one) => one.name));
    for (const name of [...(this.wanted?.files ?? [])].sort()) {
      if (there.has(name)) continue;
      this.#options.onProgress?.(name);
      const origin = name.startsWith("charts/") ? await publishedChart(fetch, name) : source.file(name);
      if (origin.kind !== "download") throw new Error(`${name} has no address`);
      this.#add({ kind: "file", name }, await download(fetch, origin.url, origin.digest, this.newPath("file")));
    }
  }

  async downloadImages({ fetch, mirrors }: DownloadOptions): Promise<void> {
    for (const key of [...(this.wanted?.images ?? [])].sort()) {
      const [architecture, ref] = [key.slice(0, key.indexOf(" ")) as Architecture, key.slice(key.indexOf(" ") + 1)];
      const workFolder = this.newPath("blobs");
      await mkdir(workFolder);
      const options = { fetch, workFolder, ...(mirrors === undefined ? {} : { mirrors }) };
      await this.image(ref, architecture, () => pullImage(ref, architecture, options));
      await rm(workFolder, { recursive: true });
    }
  }

  #add(
    artifact:
      | { readonly kind: "file"; readonly name: string }
      | {
          readonly kind: "image";
          readonly name: string;
          readonly architecture: Architecture;
          readonly digest: string;
        },
    { path, sha256, sizeBytes }: StagedFile,
  ): void {
    this.artifacts.push({ ...artifact, sha256, sizeBytes });
    this.paths.set(sha256, path);
  }
}

function pieces(path: string): AsyncIterable<Buffer> {
  return createReadStream(path, { highWaterMark: 1024 * 1024 });
}

async function tarball(folder: string): Promise<AsyncIterable<Buffer>> {
  const members = await folderMembers(folder);
  return pipeline(tarOf(members), createGzip({ level: 6, chunkSize: 256 * 1024 }), () => undefined);
}
