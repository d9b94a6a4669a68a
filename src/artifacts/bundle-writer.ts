import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { type BundleArtifact, type BundleIndex, blobName, blobsOf, bundleIndexName } from "./bundle-index.ts";
import { filling, writePieces } from "./image-archive-writer.ts";
import { tarEnd, tarHeader } from "./tar-header.ts";

/** Artifacts of a bundle to be, and the file each blob is in on this computer. */
export interface BundleContents {
  readonly artifacts: readonly BundleArtifact[];
  /** By SHA-256. */
  readonly paths: ReadonlyMap<string, string>;
}

/**
 * Writes a bundle beside `path` and puts it there when it is whole. Every blob is read once and checked against its
 * digest on the way. Answers its size.
 */
export async function writeBundle(
  path: string,
  about: Pick<BundleIndex, "madeBy" | "madeAt" | "kubernetes" | "notes">,
  contents: BundleContents,
): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
  const artifacts = [...contents.artifacts].sort((a, b) => sortKey(a).localeCompare(sortKey(b), "en"));
  const index: BundleIndex = { kind: "SlipwayBundle", formatVersion: 1, ...about, artifacts };
  const partial = `${path}.partial`;
  try {
    const { sizeBytes, sha256 } = await writePieces(partial, bundleBytes(index, contents.paths));
    await rename(partial, path);
    return { sizeBytes, sha256 };
  } finally {
    await rm(partial, { force: true });
  }
}

function sortKey(artifact: BundleArtifact): string {
  return `${artifact.kind} ${artifact.name} ${"architecture" in artifact ? artifact.architecture : ""} ${
    artifact.kind === "package" ? artifact.distribution : ""
  }`;
}

async function* bundleBytes(index: BundleIndex, paths: ReadonlyMap<string, string>): AsyncGenerator<Buffer> {
  const text = Buffer.from(`${JSON.stringify(index, undefined, 1)}\n`);
  yield tarHeader({ name: bundleIndexName, type: "file", sizeBytes: text.length, mode: 0o644 });
  yield text;
  yield filling(text.length);
  for (const { sha256, sizeBytes } of blobsOf(index)) {
    const path = paths.get(sha256);
    if (path === undefined) throw new Error(`the blob ${sha256} of the bundle is in no file`);
    yield tarHeader({ name: blobName(sha256), type: "file", sizeBytes, mode: 0o644 });
    yield* checkedFile(path, sha256, sizeBytes);
    yield filling(sizeBytes);
  }
  yield tarEnd;
}

async function* checkedFile(path: string, sha256: string, sizeBytes: number): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let read = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    const piece = chunk as Buffer;
    hash.update(piece);
    read += piece.length;
    yield piece;
  }
  if (read !== sizeBytes || hash.digest("hex") !== sha256) throw new Error(`${path} changed while it was read`);
}
