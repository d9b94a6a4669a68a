import { link, readFile, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { type Problem, ProblemError } from "../problems/problem.ts";
import { makeFolder } from "./make-folder.ts";
import { temporaryNameFor } from "./temporary-name.ts";
import { isMissing, readProblem, writeProblem } from "./write-problem.ts";

/** Where the key to the vault is kept: not in the state folder, so that a copy of that alone opens nothing. */
export function identityFile(env: Readonly<Record<string, string | undefined>>): string {
  const { SLIPWAY_IDENTITY_FILE: given, XDG_CONFIG_HOME: config } = env;
  if (given !== undefined && given !== "") return given;
  return join(config !== undefined && config !== "" ? config : join(homedir(), ".config"), "slipway", "identity.txt");
}

/**
 * The age identities in a file, as `age-keygen` writes it; undefined when there is no such file. Throws
 * `state/identity-exposed` when others may read it, `state/bad-identity` when there is none in it or one is
 * garbled, `state/cannot-read`. No problem and no cause of one holds a key.
 */
export async function readIdentities(path: string): Promise<readonly string[] | undefined> {
  let text: string;
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) throw new ProblemError(exposed(path, mode & 0o777));
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw readProblem(path, error);
  }
  const identities: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (!line.startsWith("AGE-SECRET-KEY-")) continue;
    if (!(await isIdentity(line))) throw new ProblemError(garbled(path, index + 1));
    identities.push(line);
  }
  if (identities.length === 0) throw new ProblemError(empty(path));
  return identities;
}

/** What the library says about a wrong one has the whole line in it: a key with a typing error is still a key. */
async function isIdentity(line: string): Promise<boolean> {
  const { identityToRecipient } = await import("age-encryption");
  try {
    await identityToRecipient(line);
    return true;
  } catch {
    return false;
  }
}

/** Makes an identity file for the owner only, unless there is one by now; gives what is in it. */
export async function makeIdentity(path: string): Promise<readonly string[]> {
  const { generateIdentity, identityToRecipient } = await import("age-encryption");
  const identity = await generateIdentity();
  const text = `# key to the vaults of Slipway; whoever has it can read them, and without it nobody can\n# public key: ${await identityToRecipient(identity)}\n${identity}\n`;
  const temporary = temporaryNameFor(path);
  try {
    await makeFolder(dirname(path));
    try {
      await writeFile(temporary, text, { mode: 0o600, flag: "wx", flush: true });
      // A link, not a rename: it never replaces the key another process has just made.
      await link(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!isThere) throw writeProblem(path, error);
  }
  return (await readIdentities(path)) ?? [];
}

function exposed(path: string, mode: number): Problem {
  return {
    code: "state/identity-exposed",
    severity: "error",
    message: `${path}: the key to the vault can be read by others`,
    because: `its mode is ${mode.toString(8).padStart(4, "0")}, the limit is 0600`,
    hint: { text: "keep it to yourself", command: `chmod 600 ${path}` },
  };
}

function garbled(path: string, line: number): Problem {
  return {
    code: "state/bad-identity",
    severity: "error",
    message: `${path}: line ${line} is no age identity`,
    because: "it starts like one, and its characters or its checksum are wrong",
    hint: { text: "bring back the identity file from your backup" },
  };
}

function empty(path: string): Problem {
  return {
    code: "state/bad-identity",
    severity: "error",
    message: `${path}: no age identity in it`,
    because: "a line that starts with AGE-SECRET-KEY- is wanted",
    hint: { text: "bring back the identity file from your backup" },
  };
}
