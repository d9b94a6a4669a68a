import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, writeFileSync } from "node:fs";
import { machine, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { architectureOf } from "../../src/artifacts/architecture.ts";
import { bundleSkipReason, testBundle } from "../support/bundle.ts";

const bundle = testBundle();
const kubeadm = bundle?.index.artifacts.find(
  (one) => one.kind === "file" && one.name.endsWith(`/${architectureOf(machine())}/kubeadm`),
);
const skipReason =
  bundleSkipReason() ?? (kubeadm === undefined ? "the bundle has no kubeadm for this computer" : undefined);
const golden = join(import.meta.dirname, "../golden/kubernetes");
const files = readdirSync(golden).filter((name) => /\.(kubeadm|join)\.yaml$/.test(name));

describe.skipIf(skipReason !== undefined)(`kubeadm config validate ${skipReason ?? ""}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-kubeadm-"));
  const program = join(folder, "kubeadm");

  beforeAll(() => {
    if (bundle === undefined || kubeadm === undefined) return;
    const { offsetBytes, sizeBytes } = bundle.partOf(kubeadm.sha256);
    const file = openSync(bundle.path, "r");
    try {
      const bytes = Buffer.alloc(sizeBytes);
      readSync(file, bytes, 0, sizeBytes, offsetBytes);
      writeFileSync(program, bytes, { mode: 0o755 });
    } finally {
      closeSync(file);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const validate = (path: string) => {
    const { status, stdout, stderr } = spawnSync(program, ["config", "validate", "--config", path], {
      encoding: "utf8",
      input: "",
    });
    return { status, said: `${stdout}${stderr}` };
  };

  test("there are files to try", () => {
    expect(files.length).toBeGreaterThanOrEqual(4);
  });

  test.each(files)("takes %s", (name) => {
    const { status, said } = validate(join(golden, name));
    expect(said).not.toMatch(/unknown field|error|deprecated/i);
    expect(status).toBe(0);
  });

  test("refuses a field that is none, so that the others mean something", () => {
    const path = join(folder, "wrong.yaml");
    writeFileSync(path, "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnotAField: 1\n");
    expect(validate(path).status).not.toBe(0);
  });
});
