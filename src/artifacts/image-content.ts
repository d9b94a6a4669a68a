import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { Architecture } from "./architecture.ts";

/** A configuration or layer of an image. */
export interface ImageBlob {
  /** "sha256:..." */
  readonly digest: string;
  readonly sizeBytes: number;
  /** Its bytes, in pieces. May be asked for more than once. */
  read(): AsyncIterable<Buffer>;
}

/** One image for one architecture, ready to be put into an archive. */
export interface ImageContent {
  /** "registry.k8s.io/pause:3.10.2" */
  readonly ref: string;
  readonly architecture: Architecture;
  /** The manifest as it is hashed. */
  readonly manifest: Buffer;
  readonly manifestMediaType: string;
  /** The configuration and every layer, each once. */
  readonly blobs: readonly ImageBlob[];
}

export const ociManifestType = "application/vnd.oci.image.manifest.v1+json";
export const ociIndexType = "application/vnd.oci.image.index.v1+json";
export const ociConfigType = "application/vnd.oci.image.config.v1+json";
export const ociLayerType = "application/vnd.oci.image.layer.v1.tar";
export const dockerManifestType = "application/vnd.docker.distribution.manifest.v2+json";
export const dockerListType = "application/vnd.docker.distribution.manifest.list.v2+json";

export function sha256Of(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What a container engine knows an image by. */
export function manifestDigest(image: Pick<ImageContent, "manifest">): string {
  return `sha256:${sha256Of(image.manifest)}`;
}

/** A blob whose bytes are in memory. */
export function blobOf(bytes: Buffer): ImageBlob {
  return {
    digest: `sha256:${sha256Of(bytes)}`,
    sizeBytes: bytes.length,
    read: () => Readable.from([bytes]),
  };
}

/** The reference as container engines complete it: "nginx" is docker.io/library/nginx:latest. */
export function completeReference(ref: string): string {
  const [first = "", ...rest] = ref.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const named = hasRegistry ? ref : rest.length > 0 ? `docker.io/${ref}` : `docker.io/library/${ref}`;
  return /[:@][^/]*$/.test(named) ? named : `${named}:latest`;
}
