import { spawnSync } from "node:child_process";
import { basename, dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { changeCommand, temporaryPathFor } from "./change-script.ts";
import { Secret } from "./secret.ts";
import { prologue, renderRequest } from "./shell-script.ts";

test("a write goes to a file of its own in the same folder first", () => {
  const path = temporaryPathFor("/etc/kubernetes/pki/ca.key");
  expect(dirname(path)).toBe("/etc/kubernetes/pki");
  expect(basename(path)).toMatch(/^\.slipway-[0-9a-f]{12}-[0-9a-f]{24}\.tmp$/);
  expect(temporaryPathFor("/etc/kubernetes/pki/ca.key")).not.toBe(path);
});

test("a secret is in no command line: only the shell's own printf sees it", () => {
  const content = new Secret("correct horse battery staple");
  const { text, shown } = changeCommand({ kind: "write", path: "/etc/x", content, mode: 0o600 }, "/etc/.t", 1000);
  const base64 = content.reveal().toString("base64");
  expect(text).not.toContain("correct horse");
  expect(text.split("\n").filter((line) => line.includes(base64))).toEqual([
    `printf %s '${base64}' | base64 -d >"$t" &&`,
  ]);
  expect(shown).not.toContain(base64);
});

describe("a request that breaks off while it is sent", () => {
  const changes = [
    { kind: "run", argv: ["touch", "/nonexistent-folder/file"], stdin: "some text" },
    { kind: "run", argv: ["touch", "/nonexistent-folder/file"] },
    { kind: "write", path: "/nonexistent-folder/file", content: "some text", mode: 0o644 },
  ] as const;

  test.each(changes)("changes nothing: %o", (change) => {
    const { text } = changeCommand(change, "/nonexistent-folder/.t", 1000);
    const whole = renderRequest([{ ...prologue("nonce", 1000) }, { ...prologue("x", 1), text }], 0, false);
    const started = whole.lastIndexOf(text);
    const lengths = Array.from({ length: text.length }, (_, at) => at).filter(
      (at) => at % 9 === 0 || at > text.length - 20,
    );
    // -v would print lines; -x prints what is carried out, and that is what must not be there.
    for (const length of lengths) {
      const run = spawnSync("sh", ["-x", "-s"], { input: whole.slice(0, started + length), encoding: "utf8" });
      expect(run.stderr, `after ${length} bytes`).not.toMatch(/touch|mkdir|base64 -d/);
    }
  });
});
