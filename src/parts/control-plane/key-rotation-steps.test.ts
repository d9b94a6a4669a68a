import { describe, expect, test } from "vitest";
import { type EngineRig, engineRig } from "../../../test/support/engine-rig.ts";
import type { FakeCall } from "../../../test/support/fake-host-script.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import { encryptionPath } from "./control-plane-layout.ts";
import { type EncryptionKey, nextEncryptionKey, readEncryptionKeys, writeEncryptionKeys } from "./encryption-keys.ts";
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
        { argv: ["curl", "--silent", "--show-error"], answer: gateway },
        { argv: ["curl", "--silent", "--fail"], answer: metrics },
        { argv: ["curl", "--disable"], answer: (call) => patch(call) },
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

  test("killed after any change, and run again, ends with one key that encrypts everything", async () => {
    for (let kill = 1; kill < 40; kill += 1) {
      const rig = await rigOf();
      let changes = 0;
      rig.hosts.onOperation = (operation) => {
        if (operation.kind !== "change") return;
        changes += 1;
        if (changes === kill) throw new Error("killed on cue");
      };
      const first = await rig.apply(keyRotationSteps(spec)).catch(() => undefined);
      rig.hosts.onOperation = undefined;
      if (changes < kill) return;
      expect(first?.failed ?? ["thrown"]).not.toEqual([]);
      // A lock whose owner is gone is taken over.
      rig.gone.add(1);
      expect((await rig.apply(keyRotationSteps(spec))).failed).toEqual([]);
      const [key, ...others] = names(await readEncryptionKeys(rig.world));
      expect(others).toEqual([]);
      expect(new Set(rig.stored.values())).toEqual(new Set([key]));
      for (const host of controlPlanes) expect(rig.keysOn(host)).toEqual([key]);
    }
    throw new Error("a rotation has fewer than 40 changes");
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
