import { mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeFolder } from "./make-folder.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-folder-"));
});
afterEach(async () => await rm(root, { recursive: true }));

describe("a folder of ours", () => {
  test("is made with all on the way, for the owner only, by many at once", async () => {
    const path = join(root, "a", "b", "c");
    await Promise.all(Array.from({ length: 8 }, () => makeFolder(path)));
    for (const folder of [join(root, "a"), join(root, "a", "b"), path])
      expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test("is not tried for ever where its way leads nowhere", async () => {
    await symlink(join(root, "nowhere"), join(root, "link"));
    await expect(makeFolder(join(root, "link", "a"))).rejects.toMatchObject({ code: "ENOENT" });
    await writeFile(join(root, "file"), "");
    await expect(makeFolder(join(root, "file", "a"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });
});
