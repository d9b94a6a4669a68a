import { chmod, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { rememberHostSettings, restoreHostSettings, type SettingsPlaces } from "./host-settings.ts";

async function kernelWith(settings: Readonly<Record<string, string>>): Promise<SettingsPlaces> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-settings-"));
  const kernel = join(folder, "sys");
  for (const tree of ["fs", "kernel", "vm"]) await mkdir(join(kernel, tree), { recursive: true });
  for (const [name, value] of Object.entries(settings)) {
    await mkdir(dirname(join(kernel, name)), { recursive: true });
    await writeFile(join(kernel, name), `${value}\n`);
  }
  return { kernel, memory: join(folder, "run", "memory.json") };
}

async function settingOf(places: SettingsPlaces, name: string): Promise<string> {
  return (await readFile(join(places.kernel, name), "utf8")).trim();
}

describe("kernel settings that machines share with this computer", () => {
  test("are put back to what they were before the first lab", async () => {
    const places = await kernelWith({ "net/ipv4/ip_forward": "0", "vm/swappiness": "60", "fs/inotify/max": "128" });
    await rememberHostSettings(places);
    await writeFile(join(places.kernel, "net/ipv4/ip_forward"), "1");
    await writeFile(join(places.kernel, "fs/inotify/max"), "8192");
    await rememberHostSettings(places);
    expect(await restoreHostSettings(places)).toEqual([]);
    expect(await settingOf(places, "net/ipv4/ip_forward")).toBe("0");
    expect(await settingOf(places, "fs/inotify/max")).toBe("128");
    expect(await settingOf(places, "vm/swappiness")).toBe("60");
  });

  test("are left alone when no lab was there, and after they were put back", async () => {
    const places = await kernelWith({ "net/ipv4/ip_forward": "0" });
    expect(await restoreHostSettings(places)).toEqual([]);
    await rememberHostSettings(places);
    await restoreHostSettings(places);
    await writeFile(join(places.kernel, "net/ipv4/ip_forward"), "1");
    expect(await restoreHostSettings(places)).toEqual([]);
    expect(await settingOf(places, "net/ipv4/ip_forward")).toBe("1");
  });

  test("that change by themselves, act when written, or cannot be written are not touched", async () => {
    const names = ["kernel/random/uuid", "vm/drop_caches", "fs/file-nr", "kernel/hostname", "kernel/read-only"];
    const places = await kernelWith(Object.fromEntries(["net/ipv4/ip_forward", ...names].map((name) => [name, "1"])));
    await chmod(join(places.kernel, "kernel/read-only"), 0o444);
    await rememberHostSettings(places);
    for (const name of names) await writeFile(join(places.kernel, name), "2").catch(() => undefined);
    await restoreHostSettings(places);
    for (const name of names.slice(0, 4)) expect(await settingOf(places, name)).toBe("2");
  });
});
