import { mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { rewriteKnownHosts } from "./known-hosts.ts";

async function fileWith(text: string | undefined): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), "slipway-known-hosts-")), "deep", "known_hosts");
  if (text !== undefined) {
    await rewriteKnownHosts(path, new Map([["placeholder", "k"]]));
    await writeFile(path, text);
  }
  return path;
}

describe("the known_hosts file of a lab", () => {
  test("replaces the keys of its own machines and keeps every other line", async () => {
    const path = await fileWith("# mine\n10.0.0.1 ssh-ed25519 OLD\n10.0.0.11 ssh-ed25519 KEEP\n|1|hash ssh-rsa KEEP\n");
    await rewriteKnownHosts(path, new Map([["10.0.0.1", "ssh-ed25519 NEW"]]));
    expect(await readFile(path, "utf8")).toBe(
      "# mine\n10.0.0.11 ssh-ed25519 KEEP\n|1|hash ssh-rsa KEEP\n10.0.0.1 ssh-ed25519 NEW\n",
    );
  });

  test("forgets machines that are gone", async () => {
    const path = await fileWith("10.0.0.1 ssh-ed25519 OLD\nx ssh-ed25519 KEEP\n");
    await rewriteKnownHosts(path, new Map([["10.0.0.1", undefined]]));
    expect(await readFile(path, "utf8")).toBe("x ssh-ed25519 KEEP\n");
  });

  test("is made readable for its owner only, and not made to forget something", async () => {
    const path = await fileWith(undefined);
    await rewriteKnownHosts(path, new Map([["10.0.0.1", undefined]]));
    await expect(stat(path)).rejects.toThrow("ENOENT");
    await rewriteKnownHosts(path, new Map([["10.0.0.1", "ssh-ed25519 NEW"]]));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });
});
