import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import { generateIdentity } from "age-encryption";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Secret } from "../hosts/secret.ts";
import { identityFile, makeIdentity } from "./identity.ts";
import { FileVault, type VaultOptions } from "./vault.ts";
import { vaultEncryption } from "./vault-encryption.ts";
import { writeAtomically } from "./write-atomically.ts";

let root: string;
let options: VaultOptions;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-vault-"));
  options = { folder: join(root, "state", "vault"), identityFile: join(root, "config", "slipway", "identity.txt") };
});
afterEach(async () => await rm(root, { recursive: true }));

const text = async (vault: FileVault, name: string) => (await vault.read(name))?.reveal().toString("utf8");

describe("the vault", () => {
  test("gives back what was written, to another process too, and keeps it unreadable on disk", async () => {
    await new FileVault(options).write("etcd/ca.key", new Secret("planted-secret"));
    const vault = new FileVault(options);
    expect(await text(vault, "etcd/ca.key")).toBe("planted-secret");
    expect(await vault.list()).toEqual(["etcd/ca.key"]);
    const path = join(options.folder, "etcd/ca.key.age");
    expect((await readFile(path)).includes("planted-secret")).toBe(false);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(options.identityFile)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(options.folder, "etcd"))).toEqual(["ca.key.age"]);
  });

  test("gives the new value after a write by anybody, and nothing after a removal", async () => {
    const [mine, theirs] = [new FileVault(options), new FileVault(options)];
    await mine.write("a", new Secret("one"));
    expect(await text(mine, "a")).toBe("one");
    await theirs.write("a", new Secret("two"));
    expect(await text(mine, "a")).toBe("two");
    await theirs.remove("a");
    expect(await text(mine, "a")).toBeUndefined();
    expect(await mine.list()).toEqual([]);
  });

  test("is locked without its identity, and makes no new one over what it holds", async () => {
    await new FileVault(options).write("a", new Secret("one"));
    await rm(options.identityFile);
    const vault = new FileVault(options);
    await expect(vault.read("a")).rejects.toMatchObject({ problem: { code: "state/vault-locked" } });
    await expect(vault.write("b", new Secret("two"))).rejects.toThrow("state/vault-locked");
    await expect(stat(options.identityFile)).rejects.toThrow("ENOENT");
  });

  test("is locked with another identity", async () => {
    await new FileVault(options).write("a", new Secret("one"));
    await rm(options.identityFile);
    await makeIdentity(options.identityFile);
    await expect(new FileVault(options).read("a")).rejects.toThrow("state/vault-locked");
  });

  test("refuses an identity that others can read, or that is none", async () => {
    await new FileVault(options).write("a", new Secret("one"));
    await chmod(options.identityFile, 0o644);
    await expect(new FileVault(options).read("a")).rejects.toThrow("state/identity-exposed");
    await writeFile(options.identityFile, "nothing");
    await chmod(options.identityFile, 0o600);
    await expect(new FileVault(options).read("a")).rejects.toThrow("state/bad-identity");
  });

  test("says that its key is garbled without saying the key", async () => {
    await new FileVault(options).write("a", new Secret("x"));
    const key = await readFile(options.identityFile, "utf8");
    const typo = key.replace(/(AGE-SECRET-KEY-1)(.)/, (_, start, first) => `${start}${first === "Q" ? "P" : "Q"}`);
    expect(typo).not.toBe(key);
    const secret = new Secret("y");
    await writeFile(options.identityFile, typo);
    for (const attempt of [() => new FileVault(options).read("a"), () => new FileVault(options).write("b", secret)]) {
      const error: unknown = await attempt().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ problem: { code: "state/bad-identity" } });
      expect(inspect(error, { depth: 20 })).not.toMatch(/AGE-SECRET-KEY-1\w/i);
    }
  });

  test("can be opened by every identity in the file it was written with", async () => {
    const [mine, spare] = [await generateIdentity(), await generateIdentity()];
    await mkdir(dirname(options.identityFile), { recursive: true });
    await writeFile(options.identityFile, `${mine}\n${spare}\n`, { mode: 0o600 });
    await new FileVault(options).write("a", new Secret("one"));
    await writeFile(options.identityFile, `${spare}\n`);
    expect(await text(new FileVault(options), "a")).toBe("one");
  });

  test("keeps plain files for the owner only when encryption is off, and moves over on the next write", async () => {
    const plain = new FileVault({ ...options, encryption: "none" });
    await plain.write("a", new Secret("one"));
    expect((await stat(join(options.folder, "a.plain"))).mode & 0o777).toBe(0o600);
    const vault = new FileVault(options);
    expect(await text(vault, "a")).toBe("one");
    await vault.write("a", new Secret("two"));
    expect(await readdir(options.folder)).toEqual(["a.age"]);
    expect(await text(plain, "a")).toBe("two");
  });

  test.each([
    ["plain", "none"],
    ["age", "age"],
  ] as const)("reads the %s file when its write was killed before it removed the other", async (_kind, encryption) => {
    const before = new FileVault({ ...options, encryption: encryption === "age" ? "none" : "age" });
    await before.write("a", new Secret("old"));
    const [name = ""] = await readdir(options.folder);
    const old = await readFile(join(options.folder, name));
    await new FileVault({ ...options, encryption }).write("a", new Secret("new"));
    await writeFile(join(options.folder, name), old);
    await utimes(join(options.folder, name), 0, 0);
    expect(await text(new FileVault(options), "a")).toBe("new");
  });

  test("is encrypted unless the environment says otherwise, in so many words", () => {
    expect(vaultEncryption({})).toBe("age");
    expect(vaultEncryption({ SLIPWAY_VAULT_ENCRYPTION: "" })).toBe("age");
    expect(vaultEncryption({ SLIPWAY_VAULT_ENCRYPTION: "none" })).toBe("none");
    for (const wrong of ["off", "None", "0", "plain"])
      expect(() => vaultEncryption({ SLIPWAY_VAULT_ENCRYPTION: wrong })).toThrow("usage/environment");
  });

  test("takes no name that leads out of its folder", async () => {
    const vault = new FileVault(options);
    for (const name of ["../a", "/a", "a/../b", "", ".a", "a//b", "a\u0000", "a\n", "x".repeat(201)])
      await expect(vault.write(name, new Secret(""))).rejects.toThrow("state/bad-name");
  });
});

describe("the identity file", () => {
  test("is where the environment says, else in the configuration folder", () => {
    expect(identityFile({ SLIPWAY_IDENTITY_FILE: "/k" })).toBe("/k");
    expect(identityFile({ XDG_CONFIG_HOME: "/c" })).toBe("/c/slipway/identity.txt");
  });

  test("is made once when many make it at the same time", async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => makeIdentity(options.identityFile)));
    expect(new Set(made.flat()).size).toBe(1);
    expect(await readdir(join(root, "config", "slipway"))).toEqual(["identity.txt"]);
  });
});

describe("an atomic write", () => {
  test("removes what a killed process left, and nothing that is being written", async () => {
    await writeFile(join(root, ".a.0123456789ab.tmp"), "old");
    await utimes(join(root, ".a.0123456789ab.tmp"), 0, 0);
    await writeFile(join(root, ".a.ba9876543210.tmp"), "new");
    await writeAtomically(join(root, "a"), "content", 0o640);
    expect((await readdir(root)).sort()).toEqual([".a.ba9876543210.tmp", "a"]);
    expect((await stat(join(root, "a"))).mode & 0o777).toBe(0o640);
  });

  test("says what stands in the way", async () => {
    await writeFile(join(root, "file"), "");
    await expect(writeAtomically(join(root, "file", "a"), "", 0o600)).rejects.toThrow("state/cannot-write");
  });
});
