import { z } from "zod";
import type { FilePart } from "../hosts/port.ts";
import { architectures } from "./architecture.ts";
import { paddedBytes, tarBlockBytes } from "./tar-header.ts";

/** The first member of a bundle. */
export const bundleIndexName = "bundle.json";
/** No index is larger. */
export const largestIndexBytes = 64 * 1024 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const blob = { sha256, sizeBytes: z.int().min(0) };
const architecture = z.enum(architectures);

const artifactSchema = z.discriminatedUnion("kind", [
  /** A program or a tarball, by its logical name. */
  z.strictObject({ kind: z.literal("file"), name: z.string().min(1), ...blob }),
  /** An OCI archive of one image; `name` is its reference. */
  z.strictObject({
    kind: z.literal("image"),
    name: z.string().min(1),
    architecture,
    /** Of the image's manifest. */
    digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
    ...blob,
  }),
  /** A system package. Its bytes are in the file artifact `inside`, which holds all of a distribution. */
  z.strictObject({
    kind: z.literal("package"),
    name: z.string().min(1),
    version: z.string().min(1),
    distribution: z.string().min(1),
    architecture,
    inside: z.string().min(1),
    ...blob,
  }),
]);

/** What a bundle has, and what it was made for. */
export const bundleIndexSchema = z.strictObject({
  kind: z.literal("SlipwayBundle"),
  formatVersion: z.literal(1),
  madeBy: z.string(),
  madeAt: z.iso.datetime(),
  kubernetes: z.string(),
  /** Free text of who made it, e.g. what was built from which source. */
  notes: z.string().optional(),
  artifacts: z.array(artifactSchema),
});

export type BundleIndex = z.infer<typeof bundleIndexSchema>;
export type BundleArtifact = BundleIndex["artifacts"][number];

/** Name of the member that holds a blob. */
export function blobName(sha256: string): string {
  return `blobs/sha256/${sha256}`;
}

/** The blobs in the order they lie in the bundle: that of the index, each once. */
export function blobsOf(index: BundleIndex): readonly { readonly sha256: string; readonly sizeBytes: number }[] {
  const blobs = new Map<string, { sha256: string; sizeBytes: number }>();
  for (const { kind, sha256, sizeBytes } of index.artifacts) {
    if (kind !== "package" && !blobs.has(sha256)) blobs.set(sha256, { sha256, sizeBytes });
  }
  return [...blobs.values()];
}

/** Where each blob's bytes lie; the format leaves no choice, so nothing has to be read to know. */
export function blobParts(index: BundleIndex, indexBytes: number): ReadonlyMap<string, FilePart> {
  const parts = new Map<string, FilePart>();
  let offset = tarBlockBytes + paddedBytes(indexBytes);
  for (const { sha256, sizeBytes } of blobsOf(index)) {
    parts.set(sha256, { offsetBytes: offset + tarBlockBytes, sizeBytes, sha256 });
    offset += tarBlockBytes + paddedBytes(sizeBytes);
  }
  return parts;
}
