import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseKnownHostsLine, trustHostKey } from "./trust.ts";

// A key made for this test, and what ssh-keygen -l says of it.
const key = "AAAAC3NzaC1lZDI1NTE5AAAAIKd1dM0Bcs+V3Lm1X4kBwz3S0pGn2Yx0p8ZJcJZqQm3q";
const line = `[10.0.0.1]:2222 ssh-ed25519 ${key}`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "slipway-trust-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("a line of known_hosts is a type and a fingerprint; comments and marked lines are none", () => {
  const parsed = parseKnownHostsLine(`${line} comment\r`);
  expect(parsed).toMatchObject({ type: "ssh-ed25519", line: `${line} comment` });
  expect(parsed?.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  for (const other of ["", "# comment a b", `@revoked * ssh-ed25519 ${key}`, "host ssh-ed25519"]) {
    expect(parseKnownHostsLine(other)).toBe(undefined);
  }
});

test("keys are added to what is there, once, even when its last line is not ended", async () => {
  const file = join(directory, "state", "known_hosts");
  const parsed = parseKnownHostsLine(line);
  if (parsed === undefined) throw new Error("the line was not understood");
  await trustHostKey(file, [parsed]);
  expect(readFileSync(file, "utf8")).toBe(`${line}\n`);
  writeFileSync(file, "other ssh-rsa AAAA");
  await trustHostKey(file, [parsed]);
  await trustHostKey(file, [parsed]);
  expect(readFileSync(file, "utf8")).toBe(`other ssh-rsa AAAA\n${line}\n`);
});
