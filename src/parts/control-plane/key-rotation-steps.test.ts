import { describe, expect, test } from "vitest";
import { type EngineRig, engineRig } from "../../../test/support/engine-rig.ts";
import type { FakeCall } from "../../../test/support/fake-host-script.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import { encryptionPath } from "./control-plane-layout.ts";
import { type EncryptionKey, nextEncryptionKey, readEncryptionKeys, writeEncryptionKeys } from "./encryption-keys.ts";
import { keyRotationName } from "./key-rotation.ts";
import { keyRotationSteps } from "./key-rotation-steps.ts";

const spec = sampleSpec();
const controlPlanes = ["cp-1", "cp-2", "cp-3"];
const names = (keys: readonly EncryptionKey[]) => keys.map((key) => key.name);

interface Rig extends EngineRig {
  /** Key in etcd to the name of the key that encrypts it. */
  readonly stored: Map<string, string>;
  /** Names of the keys in a host's file, in order. */
  keysOn(host: string): readonly string[];
}

/** Three API servers that take a changed file at once, in front of one etcd. */
async function rigOf(): Promise<Rig> {
  const stored = new Map(
    ["default/a", "kube-system/b", "team/c"].map((name) => [`/registry/secrets/${name}`, "key-1"]),
  );
  const kube = new FakeKube();
  const keysIn = (text: string) => [...text.matchAll(/name: (key-\d+)/g)].map((match) => match[1] ?? "");
  const gateway = ({ stdin }: FakeCall): string => {
    const range = JSON.parse(stdin ?? "") as { key: string; range_end: string; limit: number };
    const decode = (text: string) => Buffer.from(text, "base64").toString("latin1");
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const all = [...stored].filter(([key]) => key >= decode(range.key) && key < decode(range.range_end));
    const kvs = all.slice(0, range.limit).map(([key, by]) => ({
      key: base64(key),
      create_revision: "5",
      mod_revision: "7",
      version: "2",
      value: base64(`k8s:enc:secretbox:v1:${by}:cipher`),
    }));
    return JSON.stringify({ header: {}, kvs, ...(all.length > range.limit ? { more: true } : {}), count: "3" });
  };
  const rig = engineRig(controlPlanes, {
    base: {
      files: { "/proc/uptime": "1000.00 900.00\n", "/etc/kubernetes/manifests/kube-apiserver.yaml": "" },
      runs: [
        {
          argv: ["curl", "--silent"],
          answer: (call) => (call.argv.at(-1)?.endsWith("/metrics") ? metrics : gateway(call)),
        },
        { argv: ["curl", "--disable"], answer: (call) => patch(call) },
        { argv: ["grep", "-E"], answer: { exitCode: 2 } },
        { argv: ["ps"], answer: "  100\n" },
        { argv: ["date"], answer: "1700000000.5\n" },
      ],
    },
  });
  const keysOn = (host: string) => keysIn(rig.hosts.host(host).files.text(encryptionPath) ?? "");
  kube.intercept = ({ method, path }) => {
    const found = /^\/api\/v1\/namespaces\/([^/]+)\/secrets\/([^/]+)$/.exec(path);
    if (method !== "PATCH" || found === null) return undefined;
    stored.set(`/registry/secrets/${found[1]}/${found[2]}`, keysOn("cp-1")[0] ?? "");
    return { status: 200, body: {} };
  };
  const patch = async (call: FakeCall) => {
    const { answer } = kube.run;
    return typeof answer === "function" ? await answer(call) : answer;
  };
  await writeEncryptionKeys(rig.world.vault, [nextEncryptionKey([], "secretbox")]);
  return { ...rig, stored, keysOn };
}

async function isUnderWay(rig: Rig): Promise<boolean> {
  return (await rig.world.vault.read(keyRotationName)) !== undefined;
}

/** The reload is always later than the file. */
const metrics =
  'apiserver_encryption_config_controller_automatic_reload_last_timestamp_seconds{apiserver_id_hash="x",status="success"} 1.9e+09\n';

describe("a rotation of the encryption key", () => {
  test("ends with everything encrypted by the new key, and the old one nowhere", async () => {
    const rig = await rigOf();
    const result = await rig.apply(keyRotationSteps(spec));
    expect(result.failed).toEqual([]);
    expect([...rig.stored.values()]).toEqual(["key-2", "key-2", "key-2"]);
    expect(names(await readEncryptionKeys(rig.world))).toEqual(["key-2"]);
    expect(controlPlanes.map(rig.keysOn)).toEqual([["key-2"], ["key-2"], ["key-2"]]);
  });

  test("never has an API server write with a key that another one cannot read with", async () => {
    const rig = await rigOf();
    rig.hosts.onOperation = () => {
      const files = controlPlanes.map(rig.keysOn).filter((keys) => keys.length > 0);
      for (const [first] of files) for (const keys of files) expect(keys).toContain(first);
    };
    expect((await rig.apply(keyRotationSteps(spec))).failed).toEqual([]);
  });

  test("killed before any change to a host or the vault, goes on as the same rotation", async () => {
    for (let kill = 1; kill < 60; kill += 1) {
      const rig = await rigOf();
      const { vault } = rig.world;
      const { write, remove } = { write: vault.write.bind(vault), remove: vault.remove.bind(vault) };
      let changes = 0;
      let isDead = false;
      const change = () => {
        changes += 1;
        isDead ||= changes === kill;
        if (isDead) throw new Error("killed on cue");
      };
      rig.hosts.onOperation = (operation) => {
        if (isDead) throw new Error("killed on cue");
        if (operation.kind === "change") change();
      };
      vault.write = async (...words) => {
        change();
        await write(...words);
      };
      vault.remove = async (...words) => {
        change();
        await remove(...words);
      };
      await rig.apply(keyRotationSteps(spec)).catch(() => undefined);
      rig.hosts.onOperation = undefined;
      Object.assign(vault, { write, remove });
      if (!isDead) return;
      // A lock whose owner is gone is taken over.
      rig.gone.add(1);
      const hasEnded =
        kill > 1 && names(await readEncryptionKeys(rig.world))[0] === "key-2" && !(await isUnderWay(rig));
      if (!hasEnded) expect((await rig.apply(keyRotationSteps(spec))).failed).toEqual([]);
      expect(names(await readEncryptionKeys(rig.world))).toEqual(["key-2"]);
      expect(new Set(rig.stored.values())).toEqual(new Set(["key-2"]));
      for (const host of controlPlanes) expect(rig.keysOn(host)).toEqual(["key-2"]);
      expect(await isUnderWay(rig)).toBe(false);
    }
    throw new Error("a rotation has fewer than 60 changes");
  });

  test("begun by an earlier version, which made no note of it, goes on", async () => {
    const rig = await rigOf();
    const keys = await readEncryptionKeys(rig.world);
    await writeEncryptionKeys(rig.world.vault, [...keys, nextEncryptionKey(keys, "secretbox")]);
    expect((await rig.apply(keyRotationSteps(spec))).failed).toEqual([]);
    expect(names(await readEncryptionKeys(rig.world))).toEqual(["key-2"]);
    expect(await isUnderWay(rig)).toBe(false);
  });

  test("is refused where there is no key of Slipway's, and for wildcards", () => {
    const { kubernetes } = spec;
    const withEncryption = (encryption: typeof kubernetes.apiServer.encryption) =>
      sampleSpec({ kubernetes: { ...kubernetes, apiServer: { ...kubernetes.apiServer, encryption } } });
    expect(() => keyRotationSteps(withEncryption({ provider: "none" }))).toThrow("kubernetes/no-encryption-key");
    expect(() => keyRotationSteps(withEncryption({ provider: "aesgcm", resources: ["*.*"] }))).toThrow(
      "kubernetes/wildcard-not-rotated",
    );
  });
});
