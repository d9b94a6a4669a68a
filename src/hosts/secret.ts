import { createHash, timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";

/** Text or bytes that must never be printed, journalled, put on a command line or into a diff. */
export class Secret {
  readonly #bytes: Buffer;

  constructor(value: string | Uint8Array) {
    this.#bytes = Buffer.from(typeof value === "string" ? Buffer.from(value, "utf8") : value);
  }

  /** The one way out. Call it where the bytes leave for a host, a cipher or a 0600 file, and nowhere else. */
  reveal(): Buffer {
    return Buffer.from(this.#bytes);
  }

  /** SHA-256 in hex: enough to say "changed" or "unchanged". */
  digest(): string {
    return createHash("sha256").update(this.#bytes).digest("hex");
  }

  equals(other: Secret): boolean {
    return this.#bytes.length === other.#bytes.length && timingSafeEqual(this.#bytes, other.#bytes);
  }

  toString(): string {
    return "***";
  }

  toJSON(): string {
    return "***";
  }

  [inspect.custom](): string {
    return "Secret(***)";
  }
}
