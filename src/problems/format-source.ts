import { displayWidth, truncateText } from "./display-width.ts";
import { printableText } from "./printable-text.ts";
import type { SourceRange } from "./problem.ts";

/** Where a problem is in a file of the user's: "cluster.yaml:12:7". */
export function sourceLocation(source: SourceRange): string {
  return `${printableText(source.file)}:${source.line}:${source.column}`;
}

/** The last characters of a line in at most `width` columns, "…" in front when it was cut. */
function tailOf(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let tail = text;
  while (tail !== "" && displayWidth(tail) > width - 1) tail = [...tail].slice(1).join("");
  return width <= 0 ? "" : `…${tail}`;
}

/**
 * The line of a source range and carets under the range, in at most `width` columns; a long line is cut around the
 * range. Empty when the range has no text. `underline` colours the carets.
 */
export function sourceExcerpt(source: SourceRange, width: number, underline: (text: string) => string): string[] {
  if (source.text === undefined) return [];
  const line = source.text.split(/\r\n|\n|\r/, 1)[0] ?? "";
  const from = Math.min(Math.max(0, source.column - 1), line.length);
  const to = Math.min(Math.max(from, from + source.length), line.length);
  const number = String(source.line);
  const room = Math.max(10, width - number.length - 3);

  const range = truncateText(printableText(line.slice(from, to)), room - 2);
  const rangeWidth = displayWidth(range);
  const after = printableText(line.slice(to));
  // The range comes first; of what is left, the text before it gets what the text after it does not need, at least half.
  const spare = room - rangeWidth;
  const before = tailOf(
    printableText(line.slice(0, from)),
    Math.max(Math.floor(spare / 2), spare - displayWidth(after)),
  );
  const rest = truncateText(after, spare - displayWidth(before));
  const carets = underline("^".repeat(Math.max(1, rangeWidth)));
  return [
    `${number} | ${before}${range}${rest}`.trimEnd(),
    `${" ".repeat(number.length)} | ${" ".repeat(displayWidth(before))}${carets}`,
  ];
}
