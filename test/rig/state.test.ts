import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Secret } from "../../src/hosts/secret.ts";
import { FileVault } from "../../src/state/vault.ts";
import { type CliEnd, type CliRig, cliRig, closedPorts, unreachableCluster } from "../support/cli-rig.ts";
import { sampleRun } from "../support/sample-run.ts";

let rig: CliRig;
beforeEach(async () => {
  rig = cliRig();
  rig.file("cluster.yaml", unreachableCluster(await closedPorts(4)));
});
afterEach(() => rig[Symbol.dispose]());

const id = "20261121T041529.123Z-3f9a2c";

/** A run in the state folder. */
function writeRun(lines: readonly string[], run = id): void {
  rig.file(`.slipway/away/runs/${run}/journal.jsonl`, lines.join("\n"));
}

const whole = sampleRun.map((event) => JSON.stringify({ ...event, run: id }));

function isNoBug({ stdout, stderr }: CliEnd): void {
  expect(stdout + stderr).not.toMatch(/bug in Slipway| at .*\.(js|ts):\d+/);
}

describe("runs", () => {
  test("there are none of yet, says 'runs show', and how to get one", async () => {
    const end = await rig.run(["runs", "show"]);
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toContain("usage/no-runs");
    expect(end.stderr).toContain("slipway apply");
  });

  test("are listed and shown from the journal", async () => {
    writeRun(whole);
    const list = await rig.run(["runs", "list", "-o", "json"]);
    expect(JSON.parse(list.stdout)).toMatchObject([{ run: id, state: "finished", intention: "install" }]);
    const [last, named, html, data] = await Promise.all([
      rig.run(["runs", "show"]),
      rig.run(["runs", "show", id]),
      rig.run(["runs", "show", "--format", "html"]),
      rig.run(["runs", "show", "-o", "json"]),
    ]);
    expect(last).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/^# As run: /) });
    expect(named).toEqual(last);
    expect(html.stdout).toMatch(/^<!doctype html>/i);
    expect(JSON.parse(data.stdout).events).toHaveLength(whole.length);
  });

  test.each([
    ["a torn last line", [...whole.slice(0, 5), '{"at":"2026-11-21T04:1'], 0],
    ["a line of rubbish", [...whole.slice(0, 3), "\u0000\u001b[31m rubbish", "{}", "[]", "null", ...whole.slice(3)], 0],
    ["events with fields missing", [...whole.map((line) => line.replace('"step":', '"stop":'))], 0],
    ["no line at all", [], 2],
    ["nothing but rubbish", ["rubbish", '{"type":"run-started","at":5}'], 2],
    ["events of another version", ['{"at":"2026-11-21T04:15:29.123Z","run":"x","type":"run-dreamt"}'], 2],
  ])("with %s in the journal are read as far as they go", async (_title, lines, code) => {
    writeRun(lines);
    const list = await rig.run(["runs", "list"]);
    expect(list.code).toBe(0);
    expect(list.stdout).toContain(code === 0 ? id : "No runs of cluster away yet");
    const show = await rig.run(["runs", "show"]);
    expect(show.code).toBe(code);
    const plan = await rig.run(["apply", "--yes"]);
    expect(plan.code).toBe(5);
    for (const end of [list, show, plan]) isNoBug(end);
    expect(show.stdout + show.stderr).not.toContain("\u001b");
  });

  test("that do not exist are not shown, whatever they are called", async () => {
    writeRun(whole);
    for (const name of ["20200101T000000.000Z-abcdef", "../../../etc", "..", "", "-", "%00"]) {
      const end = await rig.run(["runs", "show", "--", name]);
      expect(end).toMatchObject({ code: 3, stdout: "" });
      expect(end.stderr).toContain("state/no-such-run");
    }
  });
});

describe("the vault", () => {
  const planted = "planted-vrrp-password-c0ffee";
  const identity = () => join(rig.home, ".config/slipway/identity.txt");

  async function fill(): Promise<void> {
    const vault = new FileVault({ folder: join(rig.folder, ".slipway/away/vault"), identityFile: identity() });
    await vault.write("load-balancer/vrrp-password", new Secret(planted));
    await vault.write("etcd/ca.key", new Secret(`-----BEGIN PRIVATE KEY-----\n${planted}\n`));
  }

  const everything = [
    "validate",
    "plan --diff full",
    "plan -o json --out plan.json",
    "plan -o yaml",
    "apply --yes --continue-on-error",
    "apply --yes -o json",
    "apply plan.json",
    "status -o json",
    "etcd health -o yaml",
    "preflight -o json",
    "runs list",
    "schema",
  ];

  test("is never printed, nor its key, by any command in any format, nor left in a file", async () => {
    await fill();
    const key = readFileSync(identity(), "utf8").match(/AGE-SECRET-KEY-\w+/)?.[0] ?? "";
    expect(key).not.toBe("");
    for (const line of everything) {
      const end = await rig.run(line.split(" "));
      isNoBug(end);
      expect(end.stdout + end.stderr).not.toContain(planted);
      expect(end.stdout + end.stderr).not.toContain(key);
    }
    const left = readdirSync(rig.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(left.map((entry) => entry.name)).toContain("plan.json");
    for (const { parentPath, name } of left) {
      expect(readFileSync(join(parentPath, name), "latin1")).not.toContain(planted);
      expect(readFileSync(join(parentPath, name), "latin1")).not.toContain(key);
    }
  });

  test.each<[title: string, breakIt: (path: string) => void, code: string]>([
    ["whose key is gone", () => undefined, "state/vault-locked"],
    ["whose key is another one", (path) => writeFileSync(path, otherKey, { mode: 0o600 }), "state/vault-locked"],
    [
      "whose key is garbled",
      (path) => writeFileSync(path, "AGE-SECRET-KEY-1PLANTED\n", { mode: 0o600 }),
      "state/bad-identity",
    ],
    ["whose key is empty", (path) => writeFileSync(path, "", { mode: 0o600 }), "state/bad-identity"],
    ["whose key is a folder", (path) => mkdirSync(path, { mode: 0o700 }), "state/cannot-read"],
    ["whose key others may read", (path) => writeFileSync(path, otherKey, { mode: 0o644 }), "state/identity-exposed"],
  ])("%s stops plan and apply, saying so", async (title, breakIt, code) => {
    await fill();
    const path = identity();
    const before = readFileSync(path);
    const moved = join(rig.home, "moved");
    mkdirSync(moved);
    writeFileSync(join(moved, "identity.txt"), before, { mode: 0o600 });
    const env = { SLIPWAY_IDENTITY_FILE: join(rig.home, "broken", "identity.txt") };
    mkdirSync(join(rig.home, "broken"));
    breakIt(env.SLIPWAY_IDENTITY_FILE);
    for (const command of ["plan", "apply --yes"]) {
      const end = await rig.run(command.split(" "), { env });
      isNoBug(end);
      expect({ title, code: end.code }).toEqual({ title, code: 3 });
      expect(end.stdout + end.stderr).toContain(code);
      expect(end.stdout + end.stderr).not.toContain("PLANTED");
      expect(end.stdout + end.stderr).not.toContain(planted);
    }
    const mended = await rig.run(["plan"], { env: { SLIPWAY_IDENTITY_FILE: join(moved, "identity.txt") } });
    expect(mended.stdout).not.toContain("state/");
  });
});

/** A key that nothing was ever encrypted to: the example of the age documentation, https://age-encryption.org (2026-11). */
const otherKey = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n";

describe("the setting of the vault's encryption", () => {
  test("is refused when it is misspelt, before any host is asked", async () => {
    const end = await rig.run(["plan"], { env: { SLIPWAY_VAULT_ENCRYPTION: "off" } });
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toContain("usage/environment");
  });
});

describe("a state folder that cannot be written", () => {
  test("is told, and nothing is started", async ({ skip }) => {
    skip(process.getuid?.() === 0, "root may write everywhere");
    mkdirSync(join(rig.folder, ".slipway"), { mode: 0o500 });
    const end = await rig.run(["apply", "--yes", "--continue-on-error"]);
    isNoBug(end);
    expect(end.code).toBe(3);
    expect(end.stderr).toContain("state/cannot-write");
  });

  test("because a file has its name is told, and nothing is started", async () => {
    rig.file(".slipway", "a file");
    for (const command of ["runs list", "runs show", "plan", "apply --yes --continue-on-error"]) {
      const end = await rig.run(command.split(" "));
      isNoBug(end);
      expect(end.code).not.toBe(1);
    }
  });

  test("for the saved plan neither, is told", async () => {
    const end = await rig.run(["plan", "--out", "cluster.yaml/plan.json"]);
    isNoBug(end);
    expect(end.code).toBe(3);
    expect(end.stderr).toContain("state/cannot-write");
  });
});
