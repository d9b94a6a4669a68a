import type { Fact } from "../facts/fact.ts";
import { type Answer, type HostName, type Hosts, type Read, readKey } from "../hosts/port.ts";

/** One read that was sent, as a place in the answers of its batch. */
interface Sent {
  readonly batch: Promise<readonly Answer[]>;
  readonly index: number;
}

interface HostCache {
  readonly facts: Map<unknown, Promise<unknown>>;
  readonly sent: Map<string, Sent>;
}

/**
 * What one look has seen so far. No read is sent twice and no fact parsed twice, whoever asks; facts asked for in the
 * same turn of the event loop share a round trip because the session batches them. The planner shares one reader over
 * all checks.
 */
export class FactReader {
  readonly #hosts: Hosts;
  readonly #signalOf: (host: HostName) => AbortSignal;
  readonly #whatElse: (() => Promise<void>) | undefined;
  readonly #caches = new Map<HostName, HostCache>();

  /**
   * `signal`: one for all hosts, or one for each where there are many. `whatElse`: what checks may be waiting for beside
   * their hosts. Facts are told only after it, so that whatever depends on both asks its next question with the others.
   */
  constructor(hosts: Hosts, signal: AbortSignal | ((host: HostName) => AbortSignal), whatElse?: () => Promise<void>) {
    this.#hosts = hosts;
    this.#whatElse = whatElse;
    this.#signalOf = typeof signal === "function" ? signal : () => signal;
  }

  factOf<T>(host: HostName, fact: Fact<T>): Promise<T> {
    const cache = this.#cacheOf(host);
    const known = cache.facts.get(fact);
    if (known !== undefined) return known as Promise<T>;
    const asked = this.#ask(host, cache, fact);
    cache.facts.set(fact, asked);
    return asked;
  }

  /** Lets go of what a host has answered, so that 5,000 hosts cost time and not memory. */
  forget(host: HostName): void {
    this.#caches.delete(host);
  }

  #cacheOf(host: HostName): HostCache {
    const known = this.#caches.get(host);
    if (known !== undefined) return known;
    const made: HostCache = { facts: new Map(), sent: new Map() };
    this.#caches.set(host, made);
    return made;
  }

  async #ask<T>(host: HostName, cache: HostCache, fact: Fact<T>): Promise<T> {
    const fresh = new Map<string, Read>();
    const keys = fact.reads.map(readKey);
    for (const [index, key] of keys.entries()) {
      const read = fact.reads[index];
      if (read !== undefined && !cache.sent.has(key)) fresh.set(key, read);
    }
    if (fresh.size > 0) {
      const batch = this.#hosts.session(host).read([...fresh.values()], this.#signalOf(host));
      let index = 0;
      for (const key of fresh.keys()) {
        cache.sent.set(key, { batch, index });
        index += 1;
      }
    }
    const sent = keys.flatMap((key) => cache.sent.get(key) ?? []);
    // All at once, so that a batch that fails while another is awaited is heard.
    const batches = [...new Set(sent.map((one) => one.batch))];
    const answered = await Promise.all(batches);
    await this.#whatElse?.();
    const answers = sent.map(({ batch, index }) => {
      const answer = answered[batches.indexOf(batch)]?.[index];
      if (answer === undefined) throw new Error(`${host}: no answer to a read of fact ${fact.name}`);
      return answer;
    });
    return fact.parse(answers);
  }
}

/** One fact, read afresh: what apply sees. */
export async function readFact<T>(hosts: Hosts, host: HostName, fact: Fact<T>, signal: AbortSignal): Promise<T> {
  return fact.parse(await hosts.session(host).read(fact.reads, signal));
}
