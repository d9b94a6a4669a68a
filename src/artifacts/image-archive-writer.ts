import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { ProblemError } from "../problems/problem.ts";
import { type ImageBlob, type ImageContent, manifestDigest, ociIndexType, sha256Of } from "./image-content.ts";
import { paddedBytes, tarEnd, tarHeader } from "./tar-header.ts";

/** A file that was written, by its digest. */
export interface StagedFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Writes pieces to a new file, hashing them on the way. */
export async function writePieces(path: string, pieces: AsyncIterable<Buffer>): Promise<StagedFile> {
  const hash = createHash("sha256");
  const out = createWriteStream(path, { flags: "w", mode: 0o644 });
  const done = finished(out);
  // It may fail while the next piece is waited for, when nobody looks; it is looked at behind the last one at the latest.
  done.catch(() => undefined);
  let sizeBytes = 0;
  try {
    for await (const piece of pieces) {
      hash.update(piece);
      sizeBytes += piece.length;
      if (!out.write(piece)) await Promise.race([once(out, "drain"), done]);
    }
    out.end();
    await done;
  } catch (error) {
    out.destroy();
    await done.catch(() => undefined);
    throw error;
  }
  return { path, sha256: hash.digest("hex"), sizeBytes };
}

/**
 * Puts one image into an OCI archive, named as containerd's importer expects it. Throws `artifact/digest-differs`.
 * https://github.com/containerd/containerd/blob/main/core/images/annotations.go (2026-11-21)
 */
export async function writeImageArchive(image: ImageContent, path: string): Promise<StagedFile> {
  return await writePieces(path, archive(image));
}

async function* archive(image: ImageContent): AsyncGenerator<Buffer> {
  const index = {
    schemaVersion: 2,
    mediaType: ociIndexType,
    manifests: [
      {
        mediaType: image.manifestMediaType,
        digest: manifestDigest(image),
        size: image.manifest.length,
        platform: { architecture: image.architecture, os: "linux" },
        annotations: {
          "io.containerd.image.name": image.ref,
          "org.opencontainers.image.ref.name": image.ref.slice(image.ref.lastIndexOf(":") + 1),
        },
      },
    ],
  };
  yield* member("oci-layout", Buffer.from(JSON.stringify({ imageLayoutVersion: "1.0.0" })));
  yield* member("index.json", Buffer.from(JSON.stringify(index)));
  yield* member(`blobs/sha256/${sha256Of(image.manifest)}`, image.manifest);
  for (const blob of image.blobs) yield* blobMember(image.ref, blob);
  yield tarEnd;
}

async function* blobMember(ref: string, blob: ImageBlob): AsyncGenerator<Buffer> {
  yield tarHeader({
    name: `blobs/${blob.digest.replace(":", "/")}`,
    type: "file",
    sizeBytes: blob.sizeBytes,
    mode: 0o644,
  });
  yield* checked(ref, blob);
  yield filling(blob.sizeBytes);
}

/** The bytes of a blob, which were given to us under a digest: hosts would refuse others, hours later. */
async function* checked(ref: string, { digest, sizeBytes, read }: ImageBlob): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let found = 0;
  for await (const piece of read()) {
    hash.update(piece);
    found += piece.length;
    yield piece;
  }
  const sum = `sha256:${hash.digest("hex")}`;
  if (found === sizeBytes && sum === digest) return;
  throw new ProblemError({
    code: "artifact/digest-differs",
    severity: "error",
    message: `a layer of ${ref} is not what its manifest names`,
    because: `it has ${found} bytes and ${sum}, wanted ${sizeBytes} and ${digest}`,
    hint: { text: "Save or download the image again" },
  });
}

function* member(name: string, bytes: Buffer): Generator<Buffer> {
  yield tarHeader({ name, type: "file", sizeBytes: bytes.length, mode: 0o644 });
  yield bytes;
  yield filling(bytes.length);
}

/** Zeros up to the next block. */
export function filling(sizeBytes: number): Buffer {
  return Buffer.alloc(paddedBytes(sizeBytes) - sizeBytes);
}
