import type { Look, Vault } from "../../engine/step.ts";
import { Secret } from "../../hosts/secret.ts";
import { type EncryptionKey, readEncryptionKeys } from "./encryption-keys.ts";

/** Name in the vault of the note that a rotation is under way: the name of the key it leads to. */
export const keyRotationName = "kubernetes/encryption-rotation";

/** The keys, and how far a rotation has come with them. */
export interface KeyRotation {
  readonly keys: readonly EncryptionKey[];
  /**
   * Name of the key the rotation under way leads to; undefined when there is none. It stays until every API server has
   * dropped the old key: the keys alone do not tell a rotation in its last step from one that has ended.
   */
  readonly to?: string;
  /** The note is in the vault; earlier versions of Slipway made none. */
  readonly isNoted: boolean;
}

/** Reads how far a rotation has come. */
export async function readKeyRotation(look: Pick<Look, "vault">): Promise<KeyRotation> {
  const [keys, note] = await Promise.all([readEncryptionKeys(look), look.vault.read(keyRotationName)]);
  if (note !== undefined) return { keys, to: note.reveal().toString("utf8"), isNoted: true };
  const newest = newestKey(keys);
  return keys.length > 1 && newest !== undefined ? { keys, to: newest.name, isNoted: false } : { keys, isNoted: false };
}

/** The key the rotation leads to is the one that encrypts. */
export function encryptsWithNew({ keys, to }: KeyRotation): boolean {
  return to !== undefined && keys[0]?.name === to;
}

/** Notes that a rotation to this key is under way. */
export async function noteKeyRotation(vault: Vault, to: string): Promise<void> {
  await vault.write(keyRotationName, new Secret(to));
}

function newestKey(keys: readonly EncryptionKey[]): EncryptionKey | undefined {
  const generation = (key: EncryptionKey) => Number(/^key-(\d+)$/.exec(key.name)?.[1] ?? 0);
  return [...keys].sort((one, other) => generation(other) - generation(one))[0];
}
