import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Vault } from "../engine/step.ts";
import { Secret } from "../hosts/secret.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import { makeIdentity, readIdentities } from "./identity.ts";
import type { VaultEncryption } from "./vault-encryption.ts";
import { writeAtomically } from "./write-atomically.ts";
import { isMissing, readProblem, writeProblem } from "./write-problem.ts";

export interface VaultOptions {
  /** The vault folder of the state folder. */
  readonly folder: string;
  /** See `identityFile`. Made on the first write to an empty vault. */
  readonly identityFile: string;
  /** See `vaultEncryption`. Default "age". */
  readonly encryption?: VaultEncryption;
}

interface Known {
  readonly stamp: string;
  readonly value: Promise<Secret>;
}

/** Letters, digits, dots, dashes, underscores; no part starts with a dot. */
const namePattern = /^[a-z0-9][\w.-]*(\/[a-z0-9][\w.-]*)*$/i;

/**
 * The vault as files: `<name>.age`, or `<name>.plain` without encryption. What was written either way can be read; where a
 * write was killed before it removed the other file, the later one counts. Files are replaced atomically and are for the
 * owner only. Throws `state/vault-locked` when the identity is missing or opens nothing, `state/cannot-write`.
 */
export class FileVault implements Vault {
  readonly #options: VaultOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: VaultOptions) {
    this.#options = options;
  }

  async read(name: string): Promise<Secret | undefined> {
    const found = await Promise.all(
      (["age", "plain"] as const).map(async (kind) => {
        const path = this.#path(name, kind);
        const stamp = await stampOf(path);
        return stamp === undefined ? [] : [{ kind, path, ...stamp }];
      }),
    );
    const [one] = found.flat().sort((left, right) => Number(right.changedNs - left.changedNs));
    if (one === undefined) return undefined;
    const known = this.#known.get(one.path);
    if (known?.stamp === one.text) return await known.value;
    const value = this.#open(one.path, one.kind);
    this.#known.set(one.path, { stamp: one.text, value });
    return await value;
  }

  async list(): Promise<readonly string[]> {
    const { folder } = this.#options;
    let entries: { readonly name: string; readonly parentPath: string; isFile(): boolean }[];
    try {
      entries = await readdir(folder, { recursive: true, withFileTypes: true });
    } catch (error) {
      if (isMissing(error)) return [];
      throw readProblem(folder, error);
    }
    const names = entries.flatMap((entry) => {
      if (!entry.isFile() || entry.name.startsWith(".")) return [];
      const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/");
      const name = path.replace(/\.(age|plain)$/, "");
      return name === path ? [] : [name];
    });
    return [...new Set(names)].sort();
  }

  async write(name: string, value: Secret): Promise<void> {
    const isPlain = this.#options.encryption === "none";
    const [kind, other] = isPlain ? (["plain", "age"] as const) : (["age", "plain"] as const);
    const path = this.#path(name, kind);
    const bytes = isPlain ? value.reveal() : await this.#encrypt(value);
    await writeAtomically(path, bytes, 0o600);
    await remove(this.#path(name, other));
  }

  async remove(name: string): Promise<void> {
    await remove(this.#path(name, "age"));
    await remove(this.#path(name, "plain"));
  }

  #path(name: string, kind: "age" | "plain"): string {
    if (!namePattern.test(name) || name.length > 200) throw new ProblemError(badName(name));
    return join(this.#options.folder, `${name}.${kind}`);
  }

  async #open(path: string, kind: "age" | "plain"): Promise<Secret> {
    const bytes = await readFile(path).catch((error: unknown) => {
      throw readProblem(path, error);
    });
    if (kind === "plain") return new Secret(bytes);
    const { identityFile } = this.#options;
    const identities = await readIdentities(identityFile);
    if (identities === undefined) throw new ProblemError(locked(path, `there is no ${identityFile}`));
    // Loaded when the first secret is opened or kept: most commands do neither.
    const { Decrypter } = await import("age-encryption");
    const decrypter = new Decrypter();
    for (const identity of identities) decrypter.addIdentity(identity);
    try {
      return new Secret(await decrypter.decrypt(bytes));
    } catch (error) {
      const because = `none of the ${identities.length} identities in ${identityFile} opens it`;
      throw new ProblemError(locked(path, `${because} (${error instanceof Error ? error.message : String(error)})`), {
        cause: error,
      });
    }
  }

  async #encrypt(value: Secret): Promise<Uint8Array> {
    const { Encrypter, identityToRecipient } = await import("age-encryption");
    const encrypter = new Encrypter();
    for (const identity of await this.#identities()) encrypter.addRecipient(await identityToRecipient(identity));
    return await encrypter.encrypt(value.reveal());
  }

  /** A new key for a vault that holds secrets already would leave them closed for ever, unnoticed. */
  async #identities(): Promise<readonly string[]> {
    const { identityFile, folder } = this.#options;
    const identities = await readIdentities(identityFile);
    if (identities !== undefined) return identities;
    for (const name of await this.list())
      if ((await stampOf(this.#path(name, "age"))) !== undefined)
        throw new ProblemError(locked(folder, `it holds ${name}, and there is no ${identityFile}`));
    return await makeIdentity(identityFile);
  }
}

/** `text` changes whenever the file does. */
async function stampOf(path: string): Promise<{ readonly text: string; readonly changedNs: bigint } | undefined> {
  try {
    const { ino, mtimeNs, size } = await stat(path, { bigint: true });
    return { text: `${ino} ${mtimeNs} ${size}`, changedNs: mtimeNs };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw readProblem(path, error);
  }
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw writeProblem(path, error);
  }
}

function locked(path: string, because: string): Problem {
  return {
    code: "state/vault-locked",
    severity: "error",
    message: `${path}: the vault cannot be opened`,
    because,
    hint: {
      text: "bring back the identity file it was made with, or name it",
      command: "export SLIPWAY_IDENTITY_FILE=/path/to/identity.txt",
    },
  };
}

function badName(name: string): Problem {
  return {
    code: "state/bad-name",
    severity: "error",
    message: `${JSON.stringify(name.slice(0, 80))} cannot be the name of something in the vault`,
    because:
      "names are at most 200 letters, digits, dots, dashes and underscores, in parts that start with a letter or digit",
  };
}
