import type { Answer, Read } from "../hosts/port.ts";
import { readKey } from "../hosts/port.ts";
import type { Answers } from "./resource.ts";

/** The answers a group has so far. Looks up by the read itself first, because resources ask with the object they gave. */
export class CollectedAnswers implements Answers {
  readonly #byRead = new Map<Read, Answer>();
  readonly #byKey = new Map<string, Answer>();

  /** Adds the answers to `reads`, in their order. */
  add(reads: readonly Read[], answers: readonly Answer[]): void {
    if (reads.length !== answers.length) throw new Error(`${reads.length} reads got ${answers.length} answers`);
    for (const [index, read] of reads.entries()) {
      const answer = answers[index];
      if (answer === undefined) throw new Error(`No answer to ${readKey(read)}`);
      this.#byRead.set(read, answer);
      this.#byKey.set(keyOf(read), answer);
    }
  }

  of(read: Read): Answer {
    const answer = this.#byRead.get(read) ?? this.#byKey.get(keyOf(read));
    if (answer === undefined) throw new Error(`Nobody asked for ${readKey(read)}`);
    return answer;
  }

  has(read: Read): boolean {
    return this.#byRead.has(read) || this.#byKey.has(keyOf(read));
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
