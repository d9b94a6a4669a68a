import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Problem } from "../problems/problem.ts";
import type { Bundle } from "./bundle.ts";
import { blobName, blobsOf, bundleIndexName } from "./bundle-index.ts";
import { type FoundMember, NotATar, readTar } from "./tar-reader.ts";

/** Reads all of a bundle and names every blob that is not as its index says; empty when it is whole. */
export async function verifyBundle(bundle: Bundle): Promise<readonly Problem[]> {
  const file = await open(bundle.path);
  try {
    const members = new Map<string, FoundMember>();
    const problems: Problem[] = [];
    try {
      for await (const member of readTar(file)) members.set(member.name, member);
    } catch (error) {
      if (!(error instanceof NotATar)) throw error;
      problems.push(wrong(bundle, "the archive", error.message));
    }
    members.delete(bundleIndexName);
    for (const { sha256, sizeBytes } of blobsOf(bundle.index)) {
      const name = blobName(sha256);
      const member = members.get(name);
      members.delete(name);
      const title = titleOf(bundle, sha256);
      const { offsetBytes } = bundle.partOf(sha256);
      if (member === undefined) {
        problems.push(wrong(bundle, title, "it is not in the archive"));
      } else if (member.offsetBytes !== offsetBytes || member.sizeBytes !== sizeBytes) {
        problems.push(
          wrong(
            bundle,
            title,
            `it lies at byte ${member.offsetBytes} with ${member.sizeBytes} bytes, wanted ${offsetBytes} and ${sizeBytes}`,
          ),
        );
      } else {
        const found = await digestOf(bundle.path, offsetBytes, sizeBytes);
        if (found !== sha256) problems.push(wrong(bundle, title, `its SHA-256 is ${found}, wanted ${sha256}`));
      }
    }
    for (const name of members.keys()) problems.push(wrong(bundle, name, "the index does not name it"));
    return problems;
  } finally {
    await file.close();
  }
}

async function digestOf(path: string, offsetBytes: number, sizeBytes: number): Promise<string> {
  const hash = createHash("sha256");
  const range = { start: offsetBytes, end: offsetBytes + sizeBytes - 1, highWaterMark: 1024 * 1024 };
  if (sizeBytes > 0) for await (const chunk of createReadStream(path, range)) hash.update(chunk);
  return hash.digest("hex");
}

function titleOf({ index }: Bundle, sha256: string): string {
  const names = index.artifacts.filter((one) => one.kind !== "package" && one.sha256 === sha256);
  return names.map((one) => one.name).join(", ");
}

function wrong(bundle: Bundle, what: string, because: string): Problem {
  return {
    code: "artifact/bundle-damaged",
    severity: "error",
    message: `${bundle.path}: ${what} is not as the index says`,
    because,
    hint: { text: "Copy or make the bundle again" },
  };
}
