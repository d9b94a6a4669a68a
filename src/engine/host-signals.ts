import { setMaxListeners } from "node:events";
import type { HostName } from "../hosts/port.ts";

/**
 * One signal per host, all aborted with the outer one. Thousands of reads that listen to one and the same signal would
 * cost the square of their number: a signal goes through all its listeners whenever one is added.
 */
export class HostSignals {
  readonly #outer: AbortSignal;
  readonly #controllers = new Map<HostName, AbortController>();
  readonly #abort = () => {
    for (const one of this.#controllers.values()) one.abort(this.#outer.reason);
  };

  constructor(outer: AbortSignal) {
    this.#outer = outer;
    outer.addEventListener("abort", this.#abort, { once: true });
  }

  of(host: HostName): AbortSignal {
    const known = this.#controllers.get(host);
    if (known !== undefined) return known.signal;
    const made = new AbortController();
    setMaxListeners(0, made.signal);
    if (this.#outer.aborted) made.abort(this.#outer.reason);
    this.#controllers.set(host, made);
    return made.signal;
  }

  /** Stops listening to the outer signal. */
  end(): void {
    this.#outer.removeEventListener("abort", this.#abort);
  }
}
