import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { labOff } from "./lab-off.ts";
import { labDirectory, labIdentityFile } from "./lab-paths.ts";
import { writeLabRecord } from "./lab-record.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "slipway-lab-off-"));
  vi.stubEnv("SLIPWAY_LAB_DIR", root);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

const use = { lab: "try", machine: "cp-1", knownHostsFile: "/nowhere/known_hosts" };

/** A lab as a computer that was switched off leaves it: nothing of it runs. */
async function makeLab(): Promise<void> {
  await writeLabRecord({
    name: "try",
    phase: "up",
    machines: [{ name: "cp-1", address: "10.9.0.1" }],
    subnet: "10.9.0.0",
    prefix: 24,
    gateway: "10.9.0.254",
    mtu: 1500,
    image: "",
    disks: [],
    createdAt: "2026-01-01T00:00:00Z",
    owner: { pid: 1, startTicks: "0", bootId: "none" },
    ephemeral: false,
    knownHostsFile: "/state/known_hosts",
  });
}

describe("a host that cannot be reached", () => {
  test("is a machine of a lab that is not there when its key would be the lab's", async () => {
    expect(await labOff({ ...use, identityFile: labIdentityFile("try") })).toBe("no-lab");
  });

  test("has nothing to do with a lab when its key is another one, or that of another lab", async () => {
    await makeLab();
    expect(await labOff(use)).toBe(undefined);
    expect(await labOff({ ...use, identityFile: "/root/.ssh/id_ed25519" })).toBe(undefined);
    expect(await labOff({ ...use, identityFile: labIdentityFile("try-2") })).toBe(undefined);
    expect(await labOff({ ...use, lab: "../try", identityFile: labIdentityFile("try") })).toBe(undefined);
  });

  test("has nothing to do with a lab that this user may not look at", async ({ skip }) => {
    skip(process.getuid?.() === 0, "root may look everywhere");
    await makeLab();
    chmodSync(labDirectory("try"), 0o000);
    expect(await labOff({ ...use, knownHostsFile: "/state/known_hosts" })).toBe(undefined);
    chmodSync(labDirectory("try"), 0o700);
  });

  test("has nothing to do with a lab whose record is cut short, as a power cut may leave it", async () => {
    await makeLab();
    writeFileSync(join(labDirectory("try"), "lab.json"), "");
    expect(await labOff({ ...use, knownHostsFile: "/state/known_hosts" })).toBe(undefined);
  });

  test("is a machine that is off when nothing of it runs", async () => {
    await makeLab();
    expect(await labOff({ ...use, identityFile: labIdentityFile("try") })).toBe("off");
    expect(await labOff({ ...use, knownHostsFile: "/state/known_hosts" })).toBe("off");
    expect(await labOff({ ...use, machine: "w-9", identityFile: labIdentityFile("try") })).toBe("off");
  });
});
