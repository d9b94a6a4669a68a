/**
 * One word of POSIX shell that stands for exactly this text. The only place where quoting is decided: single quotes
 * take every byte literally except the single quote itself.
 */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Several words, separated by blanks. */
export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(" ");
}

/** For people: quotes only words a shell would read differently. Never sent to a host. */
export function showWords(words: readonly string[]): string {
  return words.map((word) => (/^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : quote(word))).join(" ");
}
