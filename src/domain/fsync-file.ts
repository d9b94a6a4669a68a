import { posix } from "node:path";

/** The file that is written to measure the disk `folder` is on. */
export function fsyncFile(folder: string): string {
  return posix.join(folder, ".slipway-fsync");
}

/**
 * Where a measurement that was cut off may have left that file: the folder may not have been there yet, and its nearest
 * ancestor was measured instead.
 */
export function fsyncFiles(folder: string): readonly string[] {
  const parent = posix.dirname(folder);
  return [fsyncFile(folder), ...(parent === folder ? [] : fsyncFiles(parent))];
}
