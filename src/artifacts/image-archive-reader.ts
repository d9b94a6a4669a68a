import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { ProblemError } from "../problems/problem.ts";
import { type Architecture, architectures } from "./architecture.ts";
import {
  completeReference,
  dockerListType,
  dockerManifestType,
  type ImageBlob,
  type ImageContent,
  ociConfigType,
  ociIndexType,
  ociLayerType,
  ociManifestType,
  sha256Of,
} from "./image-content.ts";
import { bytesAt, type FoundMember, NotATar, readTar } from "./tar-reader.ts";

interface Descriptor {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly architecture?: string; readonly os?: string };
}
interface Manifest {
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
}

/** Indexes, manifests and configurations are never larger. */
const largestJsonBytes = 16 * 1024 * 1024;

/**
 * The named images of an archive as `docker save`, `podman save`, `skopeo copy` or `ctr images export` write it, one for
 * each reference and architecture. Throws `artifact/archive-unreadable`.
 */
export async function readImageArchive(path: string): Promise<readonly ImageContent[]> {
  const file = await open(path);
  const members = new Map<string, FoundMember>();
  try {
    for await (const member of readTar(file)) members.set(member.name.replace(/^\.\//, ""), member);
    const reader: Archive = {
      path,
      members,
      json: async (name) => {
        const member = members.get(name);
        if (member === undefined) return undefined;
        if (member.sizeBytes > largestJsonBytes) throw new NotATar(`${name} has ${member.sizeBytes} bytes`);
        return await bytesAt(file, member.offsetBytes, member.sizeBytes);
      },
    };
    const images = members.has("index.json") ? await ociImages(reader) : [];
    const found = images.length > 0 ? images : await dockerImages(reader);
    if (found.length === 0)
      throw new NotATar("no image in it has a name: neither index.json nor manifest.json names one");
    return found;
  } catch (error) {
    if (error instanceof NotATar || error instanceof SyntaxError) throw unreadable(path, error.message);
    throw error;
  } finally {
    await file.close();
  }
}

interface Archive {
  readonly path: string;
  readonly members: ReadonlyMap<string, FoundMember>;
  /** Undefined when there is no such member. */
  json(name: string): Promise<Buffer | undefined>;
}

async function ociImages(archive: Archive): Promise<readonly ImageContent[]> {
  const index = await parsed<Manifest>(archive, "index.json");
  const images: ImageContent[] = [];
  for (const descriptor of index.manifests ?? []) {
    const { annotations = {} } = descriptor;
    const name = annotations["io.containerd.image.name"] ?? annotations["org.opencontainers.image.ref.name"];
    // A bare tag is no name.
    if (name === undefined || !/[/:]/.test(name)) continue;
    images.push(...(await imagesOf(archive, completeReference(name), descriptor)));
  }
  return images;
}

/** A descriptor may be of an image, or of a list of images for several platforms. */
async function imagesOf(archive: Archive, ref: string, descriptor: Descriptor): Promise<readonly ImageContent[]> {
  const name = blobMember(descriptor.digest);
  const bytes = await archive.json(name);
  if (bytes === undefined) return [];
  if (`sha256:${sha256Of(bytes)}` !== descriptor.digest) throw new NotATar(`${name} has another digest than its name`);
  const manifest = JSON.parse(bytes.toString("utf8")) as Manifest;
  if (descriptor.mediaType === ociIndexType || descriptor.mediaType === dockerListType) {
    const all: ImageContent[] = [];
    for (const one of manifest.manifests ?? []) all.push(...(await imagesOf(archive, ref, one)));
    return all;
  }
  if (manifest.config === undefined) return [];
  const config = await parsed<{ architecture?: string; os?: string }>(archive, blobMember(manifest.config.digest));
  const architecture = architectures.find((one) => one === config.architecture);
  if (architecture === undefined || (config.os ?? "linux") !== "linux") return [];
  const blobs = [manifest.config, ...(manifest.layers ?? [])].map(({ digest }): ImageBlob => {
    const member = archive.members.get(blobMember(digest));
    if (member === undefined) throw new NotATar(`the layer ${digest} of ${ref} is not in it`);
    return memberBlob(archive.path, member, digest);
  });
  const mediaType = descriptor.mediaType === dockerManifestType ? dockerManifestType : ociManifestType;
  return [{ ref, architecture, manifest: bytes, manifestMediaType: mediaType, blobs: distinct(blobs) }];
}

async function dockerImages(archive: Archive): Promise<readonly ImageContent[]> {
  const bytes = await archive.json("manifest.json");
  if (bytes === undefined) return [];
  const entries = JSON.parse(bytes.toString("utf8")) as readonly {
    readonly Config: string;
    readonly RepoTags?: readonly string[] | null;
    readonly Layers: readonly string[];
  }[];
  const images: ImageContent[] = [];
  for (const entry of entries) {
    const config = await archive.json(entry.Config);
    if (config === undefined) throw new NotATar(`${entry.Config} is not in it`);
    const { architecture: found } = JSON.parse(config.toString("utf8")) as { architecture?: string };
    const architecture: Architecture | undefined = architectures.find((one) => one === found);
    if (architecture === undefined) continue;
    const layers = await Promise.all(entry.Layers.map((name) => dockerLayer(archive, name)));
    const configDigest = `sha256:${sha256Of(config)}`;
    const configMember = archive.members.get(entry.Config);
    if (configMember === undefined) throw new NotATar(`${entry.Config} is not in it`);
    const manifest = {
      schemaVersion: 2,
      mediaType: ociManifestType,
      config: { mediaType: ociConfigType, digest: configDigest, size: config.length },
      layers: layers.map(({ blob, compressed }) => ({
        mediaType: compressed ? `${ociLayerType}+gzip` : ociLayerType,
        digest: blob.digest,
        size: blob.sizeBytes,
      })),
    };
    for (const tag of entry.RepoTags ?? []) {
      images.push({
        ref: completeReference(tag),
        architecture,
        manifest: Buffer.from(JSON.stringify(manifest)),
        manifestMediaType: ociManifestType,
        blobs: distinct([memberBlob(archive.path, configMember, configDigest), ...layers.map(({ blob }) => blob)]),
      });
    }
  }
  return images;
}

/** A layer of the older format is known by its place, so its digest has to be taken. */
async function dockerLayer(
  archive: Archive,
  name: string,
): Promise<{ readonly blob: ImageBlob; readonly compressed: boolean }> {
  let member = archive.members.get(name);
  // Layers that images share are links to the first one.
  if (member?.type === "symlink") member = archive.members.get(joined(name, member.target ?? ""));
  if (member === undefined) throw new NotATar(`the layer ${name} is not in it`);
  const hash = createHash("sha256");
  let head = Buffer.alloc(0);
  for await (const chunk of memberBlob(archive.path, member, "").read()) {
    if (head.length < 2) head = Buffer.concat([head, chunk.subarray(0, 2)]);
    hash.update(chunk);
  }
  const digest = `sha256:${hash.digest("hex")}`;
  return { blob: memberBlob(archive.path, member, digest), compressed: head[0] === 0x1f && head[1] === 0x8b };
}

function memberBlob(path: string, member: FoundMember, digest: string): ImageBlob {
  const { offsetBytes, sizeBytes } = member;
  return {
    digest,
    sizeBytes,
    async *read() {
      if (sizeBytes === 0) return;
      const range = { start: offsetBytes, end: offsetBytes + sizeBytes - 1, highWaterMark: 1024 * 1024 };
      for await (const chunk of createReadStream(path, range)) yield chunk as Buffer;
    },
  };
}

async function parsed<T>(archive: Archive, name: string): Promise<T> {
  const bytes = await archive.json(name);
  if (bytes === undefined) throw new NotATar(`${name} is not in it`);
  return JSON.parse(bytes.toString("utf8")) as T;
}

function joined(from: string, target: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function blobMember(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function distinct(blobs: readonly ImageBlob[]): readonly ImageBlob[] {
  return [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
}

function unreadable(path: string, because: string): ProblemError {
  return new ProblemError({
    code: "artifact/archive-unreadable",
    severity: "error",
    message: `${path} is not an image archive`,
    because,
    hint: {
      text: "Save it uncompressed and with its full name, e.g.",
      command: "docker save -o FILE REGISTRY/NAME:TAG",
    },
  });
}
