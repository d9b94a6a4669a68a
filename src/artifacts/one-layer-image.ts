import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { Architecture } from "./architecture.ts";
import { type LocalMember, tarOf } from "./folder-tar.ts";
import { writePieces } from "./image-archive-writer.ts";
import { blobOf, type ImageContent, ociConfigType, ociLayerType, ociManifestType } from "./image-content.ts";

/** An image described by what is in it, as opposed to one that was built elsewhere. */
export interface OneLayerImage {
  readonly ref: string;
  readonly architecture: Architecture;
  /** The file system; folders on the way to a file are added. */
  readonly members: readonly LocalMember[];
  /** As in an OCI image configuration. */
  readonly config: {
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Env?: readonly string[];
    readonly User?: string;
    readonly WorkingDir?: string;
  };
}

/** Makes an image of one compressed layer, which is written to `layerPath`. Equal files make an equal image. */
export async function oneLayerImage(image: OneLayerImage, layerPath: string): Promise<ImageContent> {
  const unpacked = createHash("sha256");
  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const piece of tarOf(withFolders(image.members))) {
      unpacked.update(piece);
      yield piece;
    }
  }
  const gzip = createGzip({ level: 6, chunkSize: 256 * 1024 });
  const source = Readable.from(hashed(), { objectMode: false, highWaterMark: 1024 * 1024 });
  source.on("error", (error) => gzip.destroy(error));
  const layer = await writePieces(layerPath, source.pipe(gzip));
  const config = blobOf(
    Buffer.from(
      JSON.stringify({
        architecture: image.architecture,
        os: "linux",
        config: image.config,
        rootfs: { type: "layers", diff_ids: [`sha256:${unpacked.digest("hex")}`] },
      }),
    ),
  );
  const manifest = {
    schemaVersion: 2,
    mediaType: ociManifestType,
    config: { mediaType: ociConfigType, digest: config.digest, size: config.sizeBytes },
    layers: [{ mediaType: `${ociLayerType}+gzip`, digest: `sha256:${layer.sha256}`, size: layer.sizeBytes }],
  };
  return {
    ref: image.ref,
    architecture: image.architecture,
    manifest: Buffer.from(JSON.stringify(manifest)),
    manifestMediaType: ociManifestType,
    blobs: [
      config,
      {
        digest: `sha256:${layer.sha256}`,
        sizeBytes: layer.sizeBytes,
        read: () => createReadStream(layerPath, { highWaterMark: 1024 * 1024 }),
      },
    ],
  };
}

/** Folders that files and links are in, and that nobody named, in front of everything. */
function withFolders(members: readonly LocalMember[]): readonly LocalMember[] {
  const known = new Set(members.map((member) => member.name));
  const folders = new Map<string, LocalMember>();
  for (const { name } of members) {
    const parts = name.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const folder = parts.slice(0, depth).join("/");
      if (!known.has(folder)) folders.set(folder, { name: folder, type: "directory", sizeBytes: 0, mode: 0o755 });
    }
  }
  return [...[...folders.keys()].sort().flatMap((name) => folders.get(name) ?? []), ...members];
}
