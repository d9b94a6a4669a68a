import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { ProblemError } from "../problems/problem.ts";
import type { Architecture } from "./architecture.ts";
import type { BundleArtifact } from "./bundle-index.ts";
import { type DebPackage, readDeb } from "./deb-package.ts";
import { fileNames } from "./file-names.ts";
import { fileMember, tarOf } from "./folder-tar.ts";
import { writePieces } from "./image-archive-writer.ts";
import { unmetDependencies } from "./unmet-dependencies.ts";

/** A tar with packages, what the index says of it and them, and where it is. */
export interface PackageFolder {
  readonly artifacts: readonly BundleArtifact[];
  readonly path: string;
  readonly sha256: string;
}

/**
 * All packages of a distribution and architecture as one tar: an apt repository once it is unpacked. Undefined when none
 * is made for that architecture. Throws `artifact/missing` when one depends on what is not among them.
 */
export async function packageFolder(
  distribution: string,
  architecture: Architecture,
  debs: readonly string[],
  workFolder: string,
): Promise<PackageFolder | undefined> {
  const name = fileNames.packages(distribution, architecture);
  const found: { path: string; about: DebPackage; sha256: string; sizeBytes: number }[] = [];
  for (const path of debs) {
    const about = await readDeb(path);
    if (about.architecture !== "all" && about.architecture !== architecture) continue;
    found.push({ path, about, ...(await digestOf(path)) });
  }
  // Packages for every architecture alone are no repository of one.
  if (!found.some(({ about }) => about.architecture === architecture)) return undefined;
  const unmet = unmetDependencies(found.map(({ about }) => about));
  if (unmet.length > 0) throw incompleteFolder(distribution, unmet);
  found.sort((a, b) => (`${a.about.name} ${a.about.version}` < `${b.about.name} ${b.about.version}` ? -1 : 1));
  const index = join(workFolder, `${distribution}-${architecture}.Packages`);
  await writeFile(index, found.map(stanza).join("\n"));
  const members = [
    { ...(await fileMember(index, "Packages")), mode: 0o644 },
    ...(await Promise.all(
      found.map(async ({ path }) => ({ ...(await fileMember(path, basename(path))), mode: 0o644 })),
    )),
  ];
  const tar = await writePieces(join(workFolder, `${distribution}-${architecture}.tar`), tarOf(members));
  const packages = found.map(
    ({ about, sha256, sizeBytes }): BundleArtifact => ({
      kind: "package",
      name: about.name,
      version: about.version,
      distribution,
      architecture,
      inside: name,
      sha256,
      sizeBytes,
    }),
  );
  const folder: BundleArtifact = { kind: "file", name, sha256: tar.sha256, sizeBytes: tar.sizeBytes };
  return { artifacts: [folder, ...packages], path: tar.path, sha256: tar.sha256 };
}

function incompleteFolder(distribution: string, unmet: readonly string[]): ProblemError {
  const shown = unmet.slice(0, 20).join(", ");
  return new ProblemError({
    code: "artifact/missing",
    severity: "error",
    message: `the packages of ${distribution} are not complete`,
    because: `${shown}${unmet.length > 20 ? `, and ${unmet.length - 20} more` : ""}`,
    hint: { text: "Add the missing .deb files: apt-get --download-only with an empty status file finds all of them" },
  });
}

/** An entry of a Packages file. https://wiki.debian.org/DebianRepository/Format (2026-11-21) */
function stanza(one: { path: string; about: DebPackage; sha256: string; sizeBytes: number }): string {
  return `${one.about.control}\nFilename: ./${basename(one.path)}\nSize: ${one.sizeBytes}\nSHA256: ${one.sha256}\n`;
}

async function digestOf(path: string): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk);
    sizeBytes += (chunk as Buffer).length;
  }
  return { sha256: hash.digest("hex"), sizeBytes };
}
