import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { type LocalShell, localHost, localHosts, localShells } from "../../test/support/local-shells.ts";
import { Secret } from "./secret.ts";

const shells = localShells();
afterAll(() => {
  for (const shell of shells) shell.remove();
});

const fileName = fc
  .string({ unit: "binary", minLength: 1, maxLength: 30 })
  .map((text) => text.replaceAll(/[\0/]/g, "_"))
  .filter((name) => name !== "." && name !== "..");

describe.each(shells.map((shell): [string, LocalShell] => [shell.name, shell]))("over %s", (_, shell) => {
  test("any content under any name is read back as it was written", async () => {
    const directory = mkdtempSync(join(tmpdir(), "slipway-write-"));
    const hosts = localHosts(shell.open);
    const session = hosts.session(localHost);
    await fc.assert(
      fc.asyncProperty(fileName, fc.uint8Array({ maxLength: 9000 }), fc.boolean(), async (name, bytes, secret) => {
        const path = join(directory, name);
        const content = secret ? new Secret(bytes) : bytes;
        await session.change({ kind: "write", path, content, mode: 0o600 });
        const answers = await session.read([
          { kind: "content", path },
          { kind: "stat", path },
          { kind: "digest", path },
        ]);
        expect(answers).toMatchObject([
          { kind: "content", bytes: Buffer.from(bytes), truncated: false },
          { kind: "stat", type: "file", sizeBytes: bytes.length, mode: 0o600 },
          { kind: "digest", sha256: new Secret(bytes).digest() },
        ]);
        await session.change({ kind: "remove", path });
        expect(readdirSync(directory)).toEqual([]);
      }),
      { numRuns: 25 },
    );
    await hosts.close();
    rmSync(directory, { recursive: true });
  });
});
