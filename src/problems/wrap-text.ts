import { displayWidth, headOf } from "./display-width.ts";

/** A number and its unit are not torn apart: "60 s", "512 MiB". */
const beforeUnit = /(?<=\d) (?=(?:ms|s|min|h|d|%|[KMGT]i?B)(?![\w-]))/g;

/**
 * Breaks a printable line at spaces so that each line fits `width` columns. Paths, commands and addresses stay whole
 * even when they are longer, so that they can be copied; only text in scripts without spaces is broken inside a word.
 */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.replace(beforeUnit, "\u00a0").split(/ +/)) {
    let rest = word;
    if (line !== "" && displayWidth(line) + 1 + displayWidth(rest) <= width) {
      line += ` ${rest}`;
      continue;
    }
    if (line !== "") lines.push(line);
    while (width >= 2 && displayWidth(rest) > width && displayWidth(rest) > [...rest].length) {
      const head = headOf(rest, width);
      lines.push(head);
      rest = rest.slice(head.length);
    }
    line = rest;
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines.map((one) => one.replaceAll("\u00a0", " "));
}
