import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Look, Vault } from "../../engine/step.ts";
import { Secret } from "../../hosts/secret.ts";
import { ProblemError } from "../../problems/problem.ts";

/** Name in the vault. One entry holds all keys, so that their order changes all at once. */
export const encryptionKeysName = "kubernetes/encryption-keys";

/** A key Secrets are encrypted with in etcd. Its name is part of every value: "k8s:enc:secretbox:v1:key-1:". */
export interface EncryptionKey {
  /** "key-1", counted up with every rotation and never used again. */
  readonly name: string;
  readonly provider: "secretbox" | "aesgcm";
  /** Base64 of 32 bytes. */
  readonly secret: Secret;
}

const storedKeys = z.array(
  z.object({ name: z.string(), provider: z.enum(["secretbox", "aesgcm"]), secret: z.string() }),
);

/** The keys in the order the API server tries them: the first one encrypts, all of them decrypt. */
export async function readEncryptionKeys(look: Pick<Look, "vault">): Promise<readonly EncryptionKey[]> {
  const stored = await look.vault.read(encryptionKeysName);
  if (stored === undefined) return [];
  const parsed = storedKeys.safeParse(parseJson(stored));
  if (!parsed.success) throw keysNotUnderstood();
  return parsed.data.map((key) => ({ ...key, secret: new Secret(key.secret) }));
}

/** Replaces the keys in the vault. */
export async function writeEncryptionKeys(vault: Vault, keys: readonly EncryptionKey[]): Promise<void> {
  const plain = keys.map((key) => ({ ...key, secret: key.secret.reveal().toString("utf8") }));
  await vault.write(encryptionKeysName, new Secret(JSON.stringify(plain)));
}

/** A new key, of the generation after the highest there is. */
export function nextEncryptionKey(keys: readonly EncryptionKey[], provider: EncryptionKey["provider"]): EncryptionKey {
  const generations = keys.map((key) => Number(/^key-(\d+)$/.exec(key.name)?.[1] ?? 0));
  const name = `key-${Math.max(0, ...generations) + 1}`;
  return { name, provider, secret: new Secret(randomBytes(32).toString("base64")) };
}

function parseJson(stored: Secret): unknown {
  try {
    return JSON.parse(stored.reveal().toString("utf8"));
  } catch (cause) {
    // What is no JSON is no list of keys either, and is named as that.
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

function keysNotUnderstood(): ProblemError {
  return new ProblemError({
    code: "kubernetes/encryption-keys-not-understood",
    severity: "error",
    message: "the keys Secrets are encrypted with cannot be read from the vault",
    because: `${encryptionKeysName} is not a list of keys`,
    hint: { text: "Bring the state folder back from a backup: without the keys the Secrets in etcd cannot be read" },
  });
}
