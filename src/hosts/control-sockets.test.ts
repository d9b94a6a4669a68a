import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ProblemError } from "../problems/problem.ts";
import { prepareControlDirectory } from "./control-sockets.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "sw-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

test("takes the runtime directory, and makes a private folder there", () => {
  const path = prepareControlDirectory({ XDG_RUNTIME_DIR: base, HOME: join(base, "home") });
  expect(path).toBe(join(base, "slipway"));
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(prepareControlDirectory({ XDG_RUNTIME_DIR: base })).toBe(path);
});

test("passes a folder over that is too long for a socket", () => {
  const long = join(base, "x".repeat(60));
  mkdirSync(long);
  expect(prepareControlDirectory({ XDG_RUNTIME_DIR: long, HOME: base })).toBe(join(base, ".slipway", "ctl"));
});

test("refuses a folder others can write to, and one that is not a folder", () => {
  const open = join(base, "open");
  mkdirSync(open);
  chmodSync(open, 0o777);
  expect(() => prepareControlDirectory({}, open)).toThrow(ProblemError);
  const link = join(base, "link");
  mkdirSync(join(base, "real"), { mode: 0o700 });
  symlinkSync(join(base, "real"), link);
  expect(() => prepareControlDirectory({}, link)).toThrow(/control-directory-unsafe/);
  writeFileSync(join(base, "file"), "");
  expect(() => prepareControlDirectory({}, join(base, "file"))).toThrow(/control-directory-unsafe/);
});
