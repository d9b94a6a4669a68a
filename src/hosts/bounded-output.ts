/** Collects a stream in bounded memory: its first bytes, or its first and last bytes. */
export class BoundedOutput {
  readonly #headBytes: number;
  readonly #tailBytes: number;
  readonly #head: Buffer[] = [];
  readonly #tail: Buffer[] = [];
  #headLeft: number;
  #tailHeld = 0;
  #dropped = false;

  /** `limitBytes` is kept in all; with "ends" half of it from either end, with "head" from the start only. */
  constructor(limitBytes: number, keep: "head" | "ends") {
    this.#tailBytes = keep === "ends" ? Math.floor(limitBytes / 2) : 0;
    this.#headBytes = limitBytes - this.#tailBytes;
    this.#headLeft = this.#headBytes;
  }

  add(chunk: Buffer): void {
    const forHead = chunk.subarray(0, this.#headLeft);
    if (forHead.length > 0) this.#head.push(forHead);
    this.#headLeft -= forHead.length;
    const rest = chunk.subarray(forHead.length);
    if (rest.length === 0) return;
    if (this.#tailBytes === 0) {
      this.#dropped = true;
      return;
    }
    this.#tail.push(rest);
    this.#tailHeld += rest.length;
    while (this.#tailHeld - (this.#tail[0]?.length ?? 0) >= this.#tailBytes) {
      this.#tailHeld -= this.#tail.shift()?.length ?? 0;
      this.#dropped = true;
    }
  }

  /** What was kept, in order, and whether something was left out. */
  result(): { readonly bytes: Buffer; readonly truncated: boolean } {
    const tail = Buffer.concat(this.#tail);
    const over = Math.max(0, tail.length - this.#tailBytes);
    return { bytes: Buffer.concat([...this.#head, tail.subarray(over)]), truncated: this.#dropped || over > 0 };
  }
}
