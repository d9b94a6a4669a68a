import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ProblemError } from "../problems/problem.ts";
import { withFileLock } from "./file-lock.ts";

describe.skipIf(process.platform !== "linux")("a file lock", () => {
  test("lets one in at a time, in whatever order they come", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "slipway-lock-")), "folder", "lock");
    let inside = 0;
    let most = 0;
    const enter = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, () => withFileLock(path, { withinMs: 30_000 }, enter)));
    expect(most).toBe(1);
  });

  test("is given back when the work fails, and refused in time while somebody holds it", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "slipway-lock-")), "lock");
    const failing = withFileLock(path, { withinMs: 1000 }, () => Promise.reject(new Error("work failed")));
    await expect(failing).rejects.toThrow("work failed");
    await withFileLock(path, { withinMs: 1000 }, async () => {
      let waited = 0;
      const second = withFileLock(path, { withinMs: 1000, onWait: () => waited++ }, () => Promise.resolve("in"));
      const error = await second.catch((reason: unknown) => reason);
      expect(error instanceof ProblemError && error.problem.code).toBe("lab/busy");
      expect(waited).toBe(1);
    });
    expect(await withFileLock(path, { withinMs: 1000 }, () => Promise.resolve("in"))).toBe("in");
  });
});
