import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder and those on the way to it, for the owner only; one that is there is fine. Like `mkdir -p`, and unlike
 * Node's recursive mkdir it says of a read-only file system that it is one (Node 24 says ENOENT).
 */
export async function makeFolder(path: string): Promise<void> {
  if ((await makeOne(path)) !== "no-parent") return;
  await makeFolder(dirname(path));
  // A parent that is there and still leads nowhere, as a dangling link does, must not be tried for ever.
  if ((await makeOne(path)) === "no-parent") await mkdir(path);
}

async function makeOne(path: string): Promise<"made" | "there" | "no-parent"> {
  try {
    await mkdir(path, { mode: 0o700 });
    return "made";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST") return "there";
    if (code === "ENOENT" && dirname(path) !== path) return "no-parent";
    throw error;
  }
}
