import { printableText } from "./printable-text.ts";

interface NumberedName {
  readonly name: string;
  readonly before: string;
  readonly digits: string;
  readonly after: string;
}

const numbered = /^(.*?)(\d{1,9})(\D*)$/su;
/** Made at the first use: the rules of a language take 10 ms to load. */
let collator: Intl.Collator | undefined;

function parse(name: string): NumberedName {
  const match = numbered.exec(name);
  return { name, before: match?.[1] ?? name, digits: match?.[2] ?? "", after: match?.[3] ?? "" };
}

function follows(next: NumberedName, last: NumberedName): boolean {
  const padded = next.digits.startsWith("0") || last.digits.startsWith("0");
  return (
    next.digits !== "" &&
    last.digits !== "" &&
    next.before === last.before &&
    next.after === last.after &&
    Number(next.digits) === Number(last.digits) + 1 &&
    (!padded || next.digits.length === last.digits.length)
  );
}

/** Names in the order people expect: w-2 before w-10. */
export function compareNames(left: string, right: string): number {
  collator ??= new Intl.Collator("en", { numeric: true });
  return collator.compare(left, right) || (left < right ? -1 : left > right ? 1 : 0);
}

/** Entries with the number of names each stands for. */
function fold(names: Iterable<string>): { readonly text: string; readonly count: number }[] {
  const sorted = [...new Set(names)].sort(compareNames).map(parse);
  const entries: { text: string; count: number }[] = [];
  let start = 0;
  while (start < sorted.length) {
    const run = sorted.slice(start, start + 1);
    for (let next = sorted[start + 1], last = run[0]; next && last && follows(next, last); ) {
      run.push(next);
      last = next;
      next = sorted[start + run.length];
    }
    start += run.length;
    const first = run[0];
    const last = run.at(-1);
    if (run.length < 3 || first === undefined || last === undefined) {
      entries.push(...run.map((one) => ({ text: printableText(one.name), count: 1 })));
      continue;
    }
    const range = `${first.digits}..${last.digits}`;
    const text = first.after === "" ? first.before + range : `${first.before}[${range}]${first.after}`;
    entries.push({ text: printableText(text), count: run.length });
  }
  return entries;
}

/**
 * Names in a short form that loses none: three or more in a row become a range, so 500 workers read "w-1..500".
 * Sorted, without duplicates, printable.
 */
export function foldNames(names: Iterable<string>): string[] {
  return fold(names).map((entry) => entry.text);
}

/** Folded names as one text of at most `maxEntries` entries, the rest as a count: "cp-1..3, w-1 and 460 more". */
export function foldedNames(names: Iterable<string>, maxEntries: number = Number.POSITIVE_INFINITY): string {
  const entries = fold(names);
  const shown = entries.slice(0, maxEntries).map((entry) => entry.text);
  const left = entries.slice(maxEntries).reduce((sum, entry) => sum + entry.count, 0);
  return shown.join(", ") + (left > 0 ? ` and ${left} more` : "");
}
