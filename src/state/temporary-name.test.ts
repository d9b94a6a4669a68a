import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clearLeftovers, temporaryNameFor } from "./temporary-name.ts";

describe("temporary files", () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "slipway-temporary-"));
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  async function left(...names: readonly string[]): Promise<readonly string[]> {
    for (const name of names) await writeFile(join(root, name), "");
    await clearLeftovers(root);
    return await readdir(root);
  }

  test.skipIf(process.platform !== "linux")("of a process that has ended go at once", async () => {
    const module = join(import.meta.dirname, "temporary-name.ts");
    const code = `import { temporaryNameFor } from ${JSON.stringify(module)}; console.log(temporaryNameFor("/x/a"))`;
    const other = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
    const name = basename(other.stdout.trim());
    expect(name).toMatch(/^\.a\..*\.tmp$/);
    expect(await left(name)).toEqual([]);
  });

  test("of a process that runs stay, however old", async () => {
    const name = basename(temporaryNameFor("/x/a"));
    await writeFile(join(root, name), "");
    if (process.platform === "linux") await utimes(join(root, name), 0, 0);
    expect(await left()).toEqual([name]);
  });

  test("of another computer stay while they are new, and go when they are old", async () => {
    const [fresh, old] = [".a.00000000-7-9-0123456789ab.tmp", ".b.00000000-7-9-0123456789ab.tmp"];
    await writeFile(join(root, old), "");
    await utimes(join(root, old), 0, 0);
    expect(await left(fresh)).toEqual([fresh]);
  });

  test("are known by their names: files of others stay", async () => {
    await writeFile(join(root, "notes.tmp"), "");
    await utimes(join(root, "notes.tmp"), 0, 0);
    expect(await left(".hidden")).toEqual([".hidden", "notes.tmp"]);
  });

  test("are no matter where there is no folder yet", async () => {
    await expect(clearLeftovers(join(root, "absent"))).resolves.toBeUndefined();
  });
});
