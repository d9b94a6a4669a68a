import type { FilePart } from "../hosts/port.ts";
import type { Architecture } from "./architecture.ts";

/** How the bytes of a file come to a host. */
export type Origin =
  /** Sent by Slipway. */
  | { readonly kind: "upload"; readonly localPath: string; readonly part: FilePart }
  /** Fetched by the host itself, and checked there. */
  | { readonly kind: "download"; readonly url: string; readonly digest: DownloadDigest };

/** What a download is checked against. */
export type DownloadDigest =
  /** Pinned in the cluster file. */
  | { readonly sha256: string }
  /** The file its publisher puts beside it: a line with the digest, and perhaps a name. */
  | { readonly published: string };

/** An image archive (OCI layout, one image) for one architecture. */
export interface ImageOrigin {
  readonly ref: string;
  /** Of the image's manifest: "sha256:...". */
  readonly digest: string;
  readonly archive: Origin & { readonly kind: "upload" };
}

/** Where a cluster's artifacts come from: the internet or its mirrors, or a bundle. The same names everywhere. */
export interface ArtifactSource {
  /** For people: "the bundle /srv/production.tar", "the internet". */
  readonly title: string;
  /** Throws `artifact/missing` when this source has no such file. */
  file(name: string): Origin;
  /** Undefined: hosts pull images themselves. Throws `artifact/missing` when they should come from here and do not. */
  image(ref: string, architecture: Architecture): ImageOrigin | undefined;
  /** The package repository of a distribution to be placed on its hosts; undefined: they have their own. */
  packages(distribution: string, architecture: Architecture): Origin | undefined;
  /** The bytes of a chart, by its logical name, where this computer has them; undefined: it is not here. */
  chart(name: string): Buffer | undefined;
}

/** The digest an origin promises, where it is known before the file is there. */
export function knownDigest(origin: Origin): string | undefined {
  if (origin.kind === "upload") return origin.part.sha256;
  return "sha256" in origin.digest ? origin.digest.sha256 : undefined;
}
