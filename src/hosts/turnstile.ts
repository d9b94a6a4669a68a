/** Lets a bounded number of things happen at the same time, first come, first served. */
export class Turnstile {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves with the function that gives the place back; calling it twice is harmless. */
  async enter(): Promise<() => void> {
    const leave = this.tryEnter();
    if (leave !== undefined) return leave;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#leave();
  }

  /** The same at once, or undefined when there is no place. */
  tryEnter(): (() => void) | undefined {
    if (this.isFull) return undefined;
    this.#inside += 1;
    return this.#leave();
  }

  get isFull(): boolean {
    return this.#inside >= this.#limit;
  }

  #leave(): () => void {
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside -= 1;
      else next();
    };
  }
}
