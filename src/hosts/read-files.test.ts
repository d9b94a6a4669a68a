import { describe, expect, test } from "vitest";
import { digestChunks, parseDigests, parseStats, statChunks } from "./read-files.ts";

function output(stdout: string, stderr = "") {
  return { exitCode: 1, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), truncated: false, durationMs: 1 };
}

const missing = { kind: "missing", exists: false };

describe("what stat says", () => {
  test("is matched by name, whatever is missing in between", () => {
    const stdout = "81a4\t12\t1700000000.500000000\troot\tshadow\t/c\n41ed\t0\t1\tbob\tdomain users\t/a\n";
    const stderr = "stat: cannot statx '/b': No such file or directory\nstat: cannot statx '/d': Permission denied\n";
    const stats = parseStats(["/a", "/b", "/c", "/d"], output(stdout, stderr));
    expect(stats.get("/a")).toMatchObject({ type: "directory", mode: 0o755, owner: "bob", group: "domain users" });
    expect(stats.get("/b")).toEqual(missing);
    expect(stats.get("/c")).toMatchObject({ type: "file", mode: 0o644, sizeBytes: 12, modifiedAt: 1700000000.5 });
    expect(stats.get("/d")).toEqual({ kind: "unreadable", because: "Permission denied" });
  });

  test("is understood in busybox's and uutils' words too", () => {
    const busybox = "stat: can't stat '/a': No such file or directory\n";
    expect(parseStats(["/a"], output("", busybox)).get("/a")).toEqual(missing);
    const uutils = "stat: cannot stat '/a': No such file or directory (os error 2)\n";
    expect(parseStats(["/a"], output("", uutils)).get("/a")).toEqual(missing);
  });

  test("without a message for a path is never taken for missing", () => {
    expect(parseStats(["/a", "/b"], output("", "Killed\n")).get("/b")).toMatchObject({ kind: "unreadable" });
  });
});

test("digests are matched by name, with their reasons when they are not there", () => {
  const digest = "ab".repeat(32);
  const stderr = "sha256sum: /x: Input/output error\nsha256sum: /y: No such file or directory\n";
  const parsed = parseDigests(["/x", "/y", "/z z"], output(`${digest}  /z z\n`, stderr));
  expect([...parsed.digests]).toEqual([["/z z", digest]]);
  expect([...parsed.reasons]).toEqual([
    ["/x", "Input/output error"],
    ["/y", "No such file or directory"],
  ]);
});

describe("lists of names", () => {
  test("stay below the size of a command line, and lose nothing", () => {
    const paths = Array.from({ length: 5000 }, (_, index) => `/etc/a/rather/long/path/to/a/file/${index}`);
    const chunks = statChunks(paths);
    expect(chunks.flat()).toEqual(paths);
    for (const chunk of chunks) expect(Buffer.byteLength(chunk.join("   "))).toBeLessThan(64 * 1024);
    expect(digestChunks(paths).flat()).toEqual(paths);
  });

  test("keep a name that would be ambiguous by itself", () => {
    expect(statChunks(["/a", "/b\n", "/c"])).toEqual([["/b\n"], ["/a", "/c"]]);
    expect(digestChunks(["/a", "/b\\", "/c"])).toEqual([["/b\\"], ["/a", "/c"]]);
  });
});
