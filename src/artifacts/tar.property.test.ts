import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tarOf } from "./folder-tar.ts";
import { writePieces } from "./image-archive-writer.ts";
import { type TarMember, tarEnd, tarHeader } from "./tar-header.ts";
import { NotATar, readTar } from "./tar-reader.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "slipway-tar-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function membersOf(path: string): Promise<TarMember[]> {
  const file = await open(path);
  const found: TarMember[] = [];
  try {
    for await (const { offsetBytes: _, ...member } of readTar(file)) found.push(member);
  } finally {
    await file.close();
  }
  return found;
}

async function* piecesOf(members: readonly TarMember[]): AsyncGenerator<Buffer> {
  for (const member of members) {
    yield tarHeader(member.type === "directory" ? { ...member, name: `${member.name}/` } : member);
    yield Buffer.alloc(Math.ceil(member.sizeBytes / 512) * 512);
  }
  yield await Promise.resolve(tarEnd);
}

const part = fc.stringMatching(/^[A-Za-z0-9_äß.-]{1,60}$/).filter((one) => one !== "." && one !== "..");
const name = fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => parts.join("/"));
const member: fc.Arbitrary<TarMember> = fc.oneof(
  fc.record({ name, type: fc.constant("file" as const), sizeBytes: fc.nat(2000), mode: fc.nat(0o7777) }),
  fc.record({ name, type: fc.constant("directory" as const), sizeBytes: fc.constant(0), mode: fc.nat(0o7777) }),
  fc.record({
    name,
    type: fc.constant("symlink" as const),
    sizeBytes: fc.constant(0),
    mode: fc.constant(0o777),
    target: name,
  }),
);

test("what is written is read back, however long the names are", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(member, { maxLength: 12 }), async (members) => {
      const path = join(dir, "a.tar");
      await writePieces(path, piecesOf(members));
      expect(await membersOf(path)).toEqual(members);
    }),
    { numRuns: 60 },
  );
});

test("the system's tar reads what is written, and is read", async () => {
  const long = `${"folder-with-a-long-name/".repeat(12)}file`;
  const members = [
    { name: "bin", type: "directory", sizeBytes: 0, mode: 0o755 },
    { name: "bin/link", type: "symlink", sizeBytes: 0, mode: 0o777, target: `../${long}` },
    { name: long, type: "file", sizeBytes: 3, mode: 0o750 },
  ] as const;
  const path = join(dir, "a.tar");
  await writePieces(path, piecesOf(members));
  execFileSync("tar", ["-xf", path, "-C", dir]);
  expect(readFileSync(join(dir, long))).toEqual(Buffer.alloc(3));
  expect(statSync(join(dir, long)).mode & 0o7777).toBe(0o750);
  for (const format of ["gnu", "pax", "ustar"]) {
    const again = join(dir, `${format}.tar`);
    const short = format === "ustar" ? ["bin"] : ["bin", long];
    execFileSync("tar", [
      `--format=${format}`,
      "--hard-dereference",
      "-cf",
      again,
      "-C",
      dir,
      "--no-recursion",
      ...short,
    ]);
    expect((await membersOf(again)).map((one) => one.name)).toEqual(short);
  }
});

test("an archive that is cut off or garbled is not taken for a whole one", async () => {
  const path = join(dir, "a.tar");
  await writePieces(path, tarOf([]));
  expect(await membersOf(path)).toEqual([]);
  const file = { name: "a", type: "file", sizeBytes: 2000, mode: 0o644 } as const;
  const garbled = tarHeader(file);
  garbled[3] = 1;
  async function* cut(bytes: Buffer): AsyncGenerator<Buffer> {
    yield await Promise.resolve(bytes);
  }
  await writePieces(path, cut(garbled));
  await expect(membersOf(path)).rejects.toThrow(NotATar);
  await writePieces(path, cut(tarHeader(file)));
  await expect(membersOf(path)).rejects.toThrow(NotATar);
});
