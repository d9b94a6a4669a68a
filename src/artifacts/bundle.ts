import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { FilePart } from "../hosts/port.ts";
import { ProblemError } from "../problems/problem.ts";
import { type BundleIndex, blobParts, bundleIndexName, bundleIndexSchema, largestIndexBytes } from "./bundle-index.ts";
import { sha256Of } from "./image-content.ts";
import { tarBlockBytes } from "./tar-header.ts";

/** A bundle file that was opened: its index, and where its blobs lie. */
export interface Bundle {
  readonly path: string;
  readonly index: BundleIndex;
  /** Bytes of the whole file. */
  readonly sizeBytes: number;
  /** Throws when the index names no such blob. */
  partOf(sha256: string): FilePart;
  /** A blob's bytes, checked; for small ones. Throws `artifact/bundle-damaged`. */
  bytesOf(sha256: string): Buffer;
}

/**
 * Reads a bundle's index, not its blobs: those are checked where they arrive, or by `verifyBundle`. Throws
 * `artifact/bundle-unreadable` and `artifact/bundle-damaged`.
 */
export function openBundle(path: string): Bundle {
  const { text, sizeBytes } = readIndex(path);
  const parsed = bundleIndexSchema.safeParse(jsonOf(path, text));
  if (!parsed.success) throw damaged(path, `its index does not have the form of a bundle's: ${parsed.error.message}`);
  const index = parsed.data;
  const parts = blobParts(index, text.length);
  const needed = [...parts.values()].reduce((most, part) => Math.max(most, part.offsetBytes + part.sizeBytes), 0);
  if (needed > sizeBytes) throw damaged(path, `it has ${sizeBytes} bytes, its index describes ${needed}`);
  const partOf = (sha256: string) => {
    const part = parts.get(sha256);
    if (part === undefined) throw new Error(`${path} has no blob ${sha256}`);
    return part;
  };
  return { path, index, sizeBytes, partOf, bytesOf: (sha256) => checkedBytes(path, partOf(sha256)) };
}

function checkedBytes(path: string, { offsetBytes, sizeBytes, sha256 }: FilePart): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  const read = withFile(path, (file) => readSync(file, bytes, 0, sizeBytes, offsetBytes));
  const found = sha256Of(bytes.subarray(0, read));
  if (found !== sha256) throw damaged(path, `the SHA-256 of a blob is ${found}, wanted ${sha256}`);
  return bytes;
}

/** Synchronous: an index is small, and steps are made of it before anything else happens. */
function readIndex(path: string): { readonly text: Buffer; readonly sizeBytes: number } {
  return withFile(path, (file) => {
    const header = Buffer.alloc(tarBlockBytes);
    if (readSync(file, header, 0, tarBlockBytes, 0) < tarBlockBytes) throw damaged(path, "it is shorter than a tar");
    const name = header.toString("latin1", 0, 100).replace(/\0.*$/s, "");
    if (name !== bundleIndexName) throw damaged(path, `it does not begin with ${bundleIndexName}`);
    const length = Number.parseInt(header.toString("latin1", 124, 135), 8);
    if (!(length >= 0 && length <= largestIndexBytes)) throw damaged(path, "the size of its index makes no sense");
    const text = Buffer.alloc(length);
    if (readSync(file, text, 0, length, tarBlockBytes) < length) throw damaged(path, "its index is cut off");
    return { text, sizeBytes: fstatSync(file).size };
  });
}

function withFile<T>(path: string, use: (file: number) => T): T {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    return use(file);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw unreadable(path, error);
  } finally {
    closeSync(file);
  }
}

function jsonOf(path: string, text: Buffer): unknown {
  try {
    return JSON.parse(text.toString("utf8"));
  } catch (error) {
    throw damaged(path, `its index is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function unreadable(path: string, error: unknown): ProblemError {
  return new ProblemError(
    {
      code: "artifact/bundle-unreadable",
      severity: "error",
      message: `the bundle ${path} cannot be read`,
      because: error instanceof Error ? error.message : String(error),
      hint: { text: "Correct artifacts.bundle, or make the bundle", command: `slipway bundle create ${path}` },
    },
    { cause: error },
  );
}

/** What is wrong with a bundle that is one no longer. */
export function damaged(path: string, because: string): ProblemError {
  return new ProblemError({
    code: "artifact/bundle-damaged",
    severity: "error",
    message: `${path} is not a whole bundle`,
    because,
    hint: { text: "Make or copy it again, and compare", command: `slipway bundle verify ${path}` },
  });
}
