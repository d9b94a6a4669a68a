/** Where one command's output ends on a stream. */
export interface FrameEnd {
  readonly sequence: number;
  readonly exitCode: number;
}

/**
 * Splits a byte stream at the lines `<nonce> <sequence> <exit code>`, each preceded by a line feed that is not part of
 * the output. Binary safe: the nonce is random and known to the session alone. Holds back only what may be the
 * beginning of such a line, so a command that prints gigabytes costs no memory here.
 */
export class FrameReader {
  readonly #prefix: Buffer;
  readonly #onOutput: (bytes: Buffer) => void;
  readonly #onFrameEnd: (end: FrameEnd) => void;
  #held: Buffer = Buffer.alloc(0);

  constructor(nonce: string, onOutput: (bytes: Buffer) => void, onFrameEnd: (end: FrameEnd) => void) {
    this.#prefix = Buffer.from(`\n${nonce} `, "latin1");
    this.#onOutput = onOutput;
    this.#onFrameEnd = onFrameEnd;
  }

  feed(chunk: Buffer): void {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    for (;;) {
      const start = rest.indexOf(this.#prefix);
      if (start < 0) {
        const held = Math.min(rest.length, this.#prefix.length - 1);
        this.#emit(rest.subarray(0, rest.length - held));
        this.#held = Buffer.from(rest.subarray(rest.length - held));
        return;
      }
      const end = rest.indexOf(0x0a, start + this.#prefix.length);
      if (end < 0) {
        this.#emit(rest.subarray(0, start));
        this.#held = Buffer.from(rest.subarray(start));
        return;
      }
      this.#emit(rest.subarray(0, start));
      const [sequence, exitCode] = rest.toString("latin1", start + this.#prefix.length, end).split(" ");
      this.#onFrameEnd({ sequence: Number(sequence), exitCode: Number(exitCode) });
      rest = rest.subarray(end + 1);
    }
  }

  /** Hands out what was held back; for a stream that ended without its last line. */
  flush(): void {
    this.#emit(this.#held);
    this.#held = Buffer.alloc(0);
  }

  #emit(bytes: Buffer): void {
    if (bytes.length > 0) this.#onOutput(bytes);
  }
}
