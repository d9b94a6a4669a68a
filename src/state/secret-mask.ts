import type { Vault } from "../engine/step.ts";
import type { Secret } from "../hosts/secret.ts";

/** Shorter ones would be found inside ordinary words. */
const shortestLength = 6;
/** A line of key material in a PEM file: those have 64 characters but for the last. RFC 7468 section 2 */
const pemLine = /^[A-Za-z0-9+/=]{32,}$/;

/** Knows the secrets this process has seen, and takes them out of any text. */
export class SecretMask {
  readonly #digests = new Set<string>();
  /** Longest first: one secret may be part of another. */
  #texts: readonly string[] = [];

  /** From now on the secret, its base64 and each line of a key in it are masked. */
  learn(secret: Secret): void {
    const digest = secret.digest();
    if (this.#digests.has(digest)) return;
    this.#digests.add(digest);
    const texts = [...new Set([...this.#texts, ...textsOf(secret)])];
    this.#texts = texts.sort((one, other) => other.length - one.length);
  }

  /** The text with `***` for every secret in it. An arrow function, so that it can be handed on alone. */
  readonly mask = (text: string): string => {
    let masked = text;
    for (const secret of this.#texts) if (masked.includes(secret)) masked = masked.replaceAll(secret, "***");
    return masked;
  };

  /** The same vault; whatever is read from it or written to it is learned. */
  watch(vault: Vault): Vault {
    return {
      read: async (name) => {
        const secret = await vault.read(name);
        if (secret !== undefined) this.learn(secret);
        return secret;
      },
      write: async (name, value) => {
        this.learn(value);
        await vault.write(name, value);
      },
      list: () => vault.list(),
      remove: (name) => vault.remove(name),
    };
  }
}

function textsOf(secret: Secret): string[] {
  const bytes = secret.reveal();
  const text = bytes.toString("utf8").trim();
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const base64 = [bytes, Buffer.from(text)].map((one) => one.toString("base64").replace(/=+$/, ""));
  const isTooShort = text.length < shortestLength;
  return isTooShort ? [] : [text, ...base64, ...lines.filter((line) => pemLine.test(line))];
}
