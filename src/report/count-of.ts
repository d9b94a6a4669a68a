import { groupedDigits } from "./grouped-digits.ts";

/** A count with its noun: "1 host", "7 hosts", "1,200 hosts", "2 entries". */
export function countOf(many: number, noun: string): string {
  const plural = /[^aeiou]y$/.test(noun)
    ? `${noun.slice(0, -1)}ies`
    : /(s|x|ch|sh)$/.test(noun)
      ? `${noun}es`
      : `${noun}s`;
  return `${groupedDigits(many)} ${many === 1 ? noun : plural}`;
}
