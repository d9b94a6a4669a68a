import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { slipway } from "../support/cli-rig.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "slipway-home-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function version(env: Readonly<Record<string, string>>): string {
  const run = spawnSync(process.execPath, [slipway, "--version"], {
    env: { PATH: process.env.PATH ?? "", ...env },
    encoding: "utf8",
  });
  expect(run.stderr).toBe("");
  return run.stdout;
}

test("keeps compiled code in the user's cache, for the user alone", () => {
  expect(version({ HOME: home })).toMatch(/^\d+\./);
  const folder = join(home, ".cache/slipway/compiled");
  expect(readdirSync(folder).length).toBe(1);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test("follows XDG_CACHE_HOME", () => {
  version({ HOME: home, XDG_CACHE_HOME: join(home, "elsewhere") });
  expect(existsSync(join(home, "elsewhere/slipway/compiled"))).toBe(true);
  expect(existsSync(join(home, ".cache"))).toBe(false);
});

test("never runs what somebody else could have put there", () => {
  const folder = join(home, ".cache/slipway/compiled");
  mkdirSync(folder, { recursive: true });
  for (const path of [folder, join(home, ".cache/slipway"), join(home, ".cache")]) {
    chmodSync(path, 0o777);
    version({ HOME: home });
    expect(readdirSync(folder)).toEqual([]);
    chmodSync(path, 0o700);
  }
});

test("starts without a home, with a home that is not there, and with a file in the way", () => {
  writeFileSync(join(home, ".cache"), "");
  for (const env of [{}, { HOME: "/nonexistent" }, { HOME: "relative" }, { HOME: home }]) {
    expect(version(env as Record<string, string>)).toMatch(/^\d+\./);
  }
  expect(statSync(join(home, ".cache")).isFile()).toBe(true);
});
