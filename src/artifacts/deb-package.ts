import { execFile } from "node:child_process";
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { ProblemError } from "../problems/problem.ts";

/** What a repository's index says about a package. */
export interface DebPackage {
  readonly name: string;
  readonly version: string;
  /** "amd64" or "all". */
  readonly architecture: string;
  /** The control file, without a line break at the end. */
  readonly control: string;
}

const run = promisify(execFile);

/** Reads a .deb's own description, by way of dpkg-deb. Throws `artifact/archive-unreadable`. */
export async function readDeb(path: string): Promise<DebPackage> {
  await requireDeb(path);
  let control: string;
  try {
    const { stdout } = await run("dpkg-deb", ["--field", path], {
      maxBuffer: 4 * 1024 * 1024,
      env: { ...process.env, LC_ALL: "C" },
    });
    control = stdout.trimEnd();
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw unreadable(
      path,
      missing ? "dpkg-deb is not on this computer, and reads what is in a package" : String(error),
    );
  }
  const field = (name: string) => new RegExp(`^${name}: *(.+)$`, "m").exec(control)?.[1]?.trim();
  const [name, version, architecture] = [field("Package"), field("Version"), field("Architecture")];
  if (name === undefined || version === undefined || architecture === undefined)
    throw unreadable(path, "its control file has no Package, Version or Architecture");
  return { name, version, architecture, control };
}

async function requireDeb(path: string): Promise<void> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(8);
    await file.read(head, 0, 8, 0);
    if (head.toString("latin1") !== "!<arch>\n") throw unreadable(path, "it does not begin like one");
  } finally {
    await file.close();
  }
}

function unreadable(path: string, because: string): ProblemError {
  return new ProblemError({
    code: "artifact/archive-unreadable",
    severity: "error",
    message: `${path} is not a Debian package`,
    because,
  });
}
