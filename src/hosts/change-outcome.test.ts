import { expect, test } from "vitest";
import { ProblemError } from "../problems/problem.ts";
import { changeResult, maskSecrets } from "./change-outcome.ts";
import type { ShellChange } from "./change-script.ts";
import { Secret } from "./secret.ts";
import { showChange } from "./show-change.ts";

function failed(change: ShellChange, exitCode: number, stderr: string, durationMs = 5) {
  const output = { exitCode, stdout: Buffer.from("out\n"), stderr: Buffer.from(stderr), truncated: false, durationMs };
  try {
    changeResult("cp-1", change, output);
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
  throw new Error("it did not fail");
}

const write: ShellChange = { kind: "write", path: "/etc/a/b", content: new Secret("s3cret-key"), mode: 0o600 };

test.each([
  ["host/disk-full", 1, "base64: write error: No space left on device\n"],
  ["host/disk-full", 1, "mkdir: cannot create directory '/etc/a': Disk quota exceeded\n"],
  ["host/read-only", 2, "sh: 5: cannot create /etc/a/.slipway-1.tmp: Read-only file system\n"],
  ["host/tool-missing", 127, "sh: 6: base64: not found\n"],
  ["host/write-failed", 1, "chown: invalid user: 'etcd'\n"],
])("a write that fails is %s (exit code %i, %j)", (code, exitCode, stderr) => {
  const problem = failed(write, exitCode, stderr);
  expect(problem).toMatchObject({ code, where: { host: "cp-1" } });
  expect(problem.because).toMatch(/\S/);
  expect(JSON.stringify(problem)).not.toContain("s3cret");
});

test("a failed command carries what ran and its last lines", () => {
  const problem = failed({ kind: "run", argv: ["systemctl", "start", "a b"] }, 5, "Unit not found.\n");
  expect(problem).toMatchObject({
    code: "host/command-failed",
    message: "cp-1: systemctl start 'a b' failed",
    because: "it ended with exit code 5; expected 0",
    evidence: { command: "systemctl start 'a b'", exitCode: 5, lastLines: ["out", "Unit not found."] },
  });
});

test("an exit code of 124 is a timeout only when the time was used up", () => {
  const run: ShellChange = { kind: "run", argv: ["x"], timeoutMs: 2000 };
  expect(failed(run, 124, "", 2010).code).toBe("host/command-timeout");
  expect(failed(run, 124, "", 1500).code).toBe("host/command-failed");
});

test("secrets are masked whole, line by line and in base64", () => {
  const secret = new Secret("first line\nsecond line\n");
  const text = `a second line b\n${secret.reveal().toString("base64")}\nfirst line\nsecond line\n`;
  expect(maskSecrets(text, [secret])).toBe("a *** b\n***\n***\n");
});

test("a change is shown without what is secret in it", () => {
  expect(showChange(write)).toBe("write /etc/a/b (0600, secret)");
  expect(showChange({ kind: "run", argv: ["etcdctl", "user add"], stdin: "pw" })).toBe("etcdctl 'user add' < ***");
  expect(showChange({ kind: "remove", path: "/a b", recursive: true })).toBe("rm -rf '/a b'");
});
