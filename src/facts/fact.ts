import type { Answer, Read } from "../hosts/port.ts";

/**
 * One question to one host: what to read, and a parser of the answers (in the order of `reads`).
 *
 * `parse` is pure, and throws a ProblemError when it does not understand the output: a fact is known or it is an
 * error, never a guess. A tool that is not installed is an ordinary answer (exit code 127) and a value of T.
 */
export interface Fact<T> {
  readonly name: string;
  readonly reads: readonly Read[];
  parse(answers: readonly Answer[]): T;
}
