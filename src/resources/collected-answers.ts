import type { Answer, Read } from "../hosts/port.ts";
import { readKey } from "../hosts/port.ts";
import type { Answers } from "./resource.ts";

/** The answers a group has so far. Nearly always asked with the very read object that was sent; by key otherwise. */
export class CollectedAnswers implements Answers {
  readonly #byRead = new Map<Read, Answer>();
  #byKey: Map<string, Answer> | undefined;

  /** Adds the answers to `reads`, in their order. */
  add(reads: readonly Read[], answers: readonly Answer[]): void {
    if (reads.length !== answers.length) throw new Error(`${reads.length} reads got ${answers.length} answers`);
    for (const [index, read] of reads.entries()) {
      const answer = answers[index];
      if (answer === undefined) throw new Error(`No answer to ${readKey(read)}`);
      this.#byRead.set(read, answer);
    }
    this.#byKey = undefined;
  }

  of(read: Read): Answer {
    const answer = this.#find(read);
    if (answer === undefined) throw new Error(`Nobody asked for ${readKey(read)}`);
    return answer;
  }

  has(read: Read): boolean {
    return this.#find(read) !== undefined;
  }

  #find(read: Read): Answer | undefined {
    const answer = this.#byRead.get(read);
    if (answer !== undefined) return answer;
    this.#byKey ??= new Map([...this.#byRead].map(([one, its]) => [keyOf(one), its]));
    return this.#byKey.get(keyOf(read));
  }
}

const keys = new WeakMap<Read, string>();

/** The key of a read, made once per read object: thousands of hosts share them. */
export function keyOf(read: Read): string {
  const known = keys.get(read);
  if (known !== undefined) return known;
  const key = readKey(read);
  keys.set(read, key);
  return key;
}
