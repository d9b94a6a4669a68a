import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import { ProblemError } from "../problems/problem.ts";
import { architectures } from "./architecture.ts";
import { fileMember, folderMembers, type LocalMember } from "./folder-tar.ts";
import { completeReference } from "./image-content.ts";
import type { OneLayerImage } from "./one-layer-image.ts";

/** What a folder given to `bundle create --from-dir` has, by name; nothing was read but names and descriptions. */
export interface GivenFolder {
  /** Logical name to a file, or to a folder whose content becomes a tarball. */
  readonly files: ReadonlyMap<string, { readonly path: string; readonly kind: "file" | "folder" }>;
  /** Archives with images in them. */
  readonly imageArchives: readonly string[];
  /** Images to be made of files. */
  readonly images: readonly OneLayerImage[];
  /** .deb files by distribution. */
  readonly packages: ReadonlyMap<string, readonly string[]>;
}

/** images/NAME/image.json */
const imageSchema = z.strictObject({
  ref: z.string().min(1),
  architecture: z.enum(architectures).default("amd64"),
  /** Path in the image to a file relative to the folder of image.json, e.g. a program that lies elsewhere. */
  files: z.record(z.string().startsWith("/"), z.string().min(1)).default({}),
  entrypoint: z.array(z.string()).optional(),
  cmd: z.array(z.string()).optional(),
  env: z.array(z.string()).optional(),
  user: z.string().optional(),
  workingDir: z.string().optional(),
});

/**
 * Looks through a folder laid out as docs/bundles.md says. Throws `artifact/archive-unreadable` for a description that is
 * not understood.
 */
export async function lookThrough(folder: string): Promise<GivenFolder> {
  const files = new Map<string, { path: string; kind: "file" | "folder" }>();
  const root = join(folder, "files");
  for (const chart of await entriesOf(join(root, "charts"))) {
    const path = join(root, "charts", chart.name);
    for (const version of await entriesOf(path)) {
      const name = `charts/${chart.name}/${version.name.replace(/\.tgz$/, "")}`;
      files.set(name, { path: join(path, version.name), kind: "file" });
    }
  }
  for (const project of await entriesOf(root)) {
    if (project.name === "charts") continue;
    for (const version of await entriesOf(join(root, project.name))) {
      const below = join(root, project.name, version.name, "linux");
      for (const architecture of await entriesOf(below)) {
        const path = join(below, architecture.name);
        const name = `${project.name}/${version.name}/linux/${architecture.name}`;
        if (project.name === "kubernetes") {
          for (const program of await entriesOf(path))
            files.set(`${name}/${program.name}`, { path: join(path, program.name), kind: "file" });
        } else {
          files.set(name, { path, kind: architecture.isDirectory() ? "folder" : "file" });
        }
      }
    }
  }
  const imageArchives: string[] = [];
  const images: OneLayerImage[] = [];
  for (const entry of await entriesOf(join(folder, "images"))) {
    const path = join(folder, "images", entry.name);
    if (entry.isDirectory()) images.push(await describedImage(path));
    else if (entry.name.endsWith(".tar")) imageArchives.push(path);
  }
  const packages = new Map<string, readonly string[]>();
  for (const distribution of await entriesOf(join(folder, "packages"))) {
    const path = join(folder, "packages", distribution.name);
    const debs = (await entriesOf(path)).filter((entry) => entry.name.endsWith(".deb"));
    packages.set(
      distribution.name,
      debs.map((entry) => join(path, entry.name)),
    );
  }
  return { files, imageArchives, images, packages };
}

/** NAME/image.json says what it is; NAME/rootfs, if there, is its file system. */
async function describedImage(folder: string): Promise<OneLayerImage> {
  const path = join(folder, "image.json");
  const description = await descriptionOf(path);
  const rootfs = (await entriesOf(folder)).some((entry) => entry.name === "rootfs" && entry.isDirectory());
  const members = new Map<string, LocalMember>();
  if (rootfs) for (const member of await folderMembers(join(folder, "rootfs"))) members.set(member.name, member);
  for (const [at, from] of Object.entries(description.files)) {
    const name = at.replace(/^\/+/, "");
    const local = resolve(dirname(path), from);
    const member = await fileMember(local, name).catch((error: unknown) => {
      throw notUnderstood(path, `${from}: ${error instanceof Error ? error.message : String(error)}`);
    });
    members.set(name, member);
  }
  const { ref, architecture, entrypoint, cmd, env, user, workingDir } = description;
  return {
    ref: completeReference(ref),
    architecture,
    members: [...members.values()],
    config: {
      ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
      ...(cmd === undefined ? {} : { Cmd: cmd }),
      ...(env === undefined ? {} : { Env: env }),
      ...(user === undefined ? {} : { User: user }),
      ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
    },
  };
}

async function descriptionOf(path: string): Promise<z.infer<typeof imageSchema>> {
  try {
    const parsed = imageSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
    if (parsed.success) return parsed.data;
    throw notUnderstood(path, z.prettifyError(parsed.error).replaceAll("\n", " "));
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw notUnderstood(path, error instanceof Error ? error.message : String(error));
  }
}

/** Sorted; empty when there is no such folder. Links count as what they lead to. */
async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.name.startsWith(".")).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw notUnderstood(relative(".", folder), String(error));
  }
}

function notUnderstood(path: string, because: string): ProblemError {
  return new ProblemError({
    code: "artifact/archive-unreadable",
    severity: "error",
    message: `${path} does not describe an image`,
    because,
    hint: { text: "See the layout of --from-dir in docs/bundles.md" },
  });
}
