import type { CommandResult } from "../hosts/port.ts";

/**
 * Remembers what a parser made of an answer. Merged reads give every asker the same output; with many askers per host
 * and thousands of hosts it is parsed once per answer instead of once per asker. The parser has to be pure.
 */
export function parsedOnce<T extends object>(parse: (result: CommandResult) => T): (result: CommandResult) => T {
  const known = new WeakMap<CommandResult, T>();
  return (result) => {
    const before = known.get(result);
    if (before !== undefined) return before;
    const value = parse(result);
    known.set(result, value);
    return value;
  };
}
