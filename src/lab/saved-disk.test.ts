import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { machineDirectory } from "./lab-paths.ts";
import { restoreDisk, saveDisk, savedLayers } from "./saved-disk.ts";

describe.skipIf(process.platform !== "linux")("the disks of a machine", () => {
  let root: string;
  let folder: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "slipway-saved-disk-"));
    vi.stubEnv("SLIPWAY_LAB_DIR", root);
    folder = machineDirectory("demo", "cp-1");
    for (const name of ["upper", "work", "disks/var/lib/kubelet"]) await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, "upper/first"), "1");
    await writeFile(join(folder, "disks/var/lib/kubelet/pod"), "a");
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(root, { recursive: true });
  });

  test("that were never saved have nothing below", async () => {
    expect(await savedLayers("demo", "cp-1")).toEqual([]);
  });

  test("go on with an empty layer over what was saved", async () => {
    await saveDisk("demo", "cp-1", "bare");
    expect(await readdir(join(folder, "upper"))).toEqual([]);
    const [layer, ...others] = await savedLayers("demo", "cp-1");
    expect(others).toEqual([]);
    expect(await readFile(join(layer ?? "", "first"), "utf8")).toBe("1");
    expect(await readFile(join(folder, "disks/var/lib/kubelet/pod"), "utf8")).toBe("a");
  });

  test("lose what was written since, when put back", async () => {
    await saveDisk("demo", "cp-1", "bare");
    await writeFile(join(folder, "upper/second"), "2");
    await writeFile(join(folder, "disks/var/lib/kubelet/pod"), "b");
    await restoreDisk("demo", "cp-1", "bare");
    await expect(access(join(folder, "upper/second"))).rejects.toThrow("ENOENT");
    expect(await readFile(join(folder, "disks/var/lib/kubelet/pod"), "utf8")).toBe("a");
  });

  test("can be saved over a saved one, and put back to either", async () => {
    await saveDisk("demo", "cp-1", "bare");
    await writeFile(join(folder, "upper/second"), "2");
    await saveDisk("demo", "cp-1", "packages");
    const both = await savedLayers("demo", "cp-1");
    expect(await Promise.all(both.map((layer) => readdir(layer)))).toEqual([["second"], ["first"]]);
    await restoreDisk("demo", "cp-1", "bare");
    expect(await savedLayers("demo", "cp-1")).toEqual(both.slice(1));
    await restoreDisk("demo", "cp-1", "packages");
    expect(await savedLayers("demo", "cp-1")).toEqual(both);
  });
});
