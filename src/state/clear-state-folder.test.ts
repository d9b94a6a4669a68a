import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clearStateFolder } from "./clear-state-folder.ts";
import { stateFolder } from "./state-folder.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-clear-state-"));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

async function write(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, "");
  await utimes(path, 0, 0);
}

test("what killed processes left goes, in the vault, in runs and beside the vault's key; all else stays", async () => {
  const state = stateFolder(join(root, "cluster.yaml"), "demo");
  const run = join(state.runs, "20261121T041529.123Z-3f9a2c");
  const identity = join(root, "config", "identity.txt");
  for (const path of [join(state.vault, "etcd", "ca.key.age"), join(run, "plan.json"), identity]) {
    await write(path);
    await write(join(dirname(path), `.${path.slice(dirname(path).length + 1)}.0123456789ab.tmp`));
  }
  await clearStateFolder(state, identity);
  expect(await readdir(join(state.vault, "etcd"))).toEqual(["ca.key.age"]);
  expect(await readdir(run)).toEqual(["plan.json"]);
  expect(await readdir(dirname(identity))).toEqual(["identity.txt"]);
});

test("nothing is made where there is no state yet", async () => {
  await clearStateFolder(stateFolder(join(root, "cluster.yaml"), "demo"), join(root, "config", "identity.txt"));
  expect(await readdir(root)).toEqual([]);
});
