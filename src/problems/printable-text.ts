import { stripVTControlCharacters } from "node:util";

/**
 * Control characters, lone surrogates, line separators and invisible format characters (bidirectional overrides among
 * them). The two joiners stay: scripts and emoji need them, and they cannot move a cursor or reorder a line.
 */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;

/**
 * Makes text of any origin safe to print on one line: what could steer a terminal or hide text becomes visible
 * (`\x1b`, `\n`, `\u{202e}`), a tab becomes four spaces, so that widths can be counted.
 */
export function printableText(text: string): string {
  return text.replace(unprintable, (character) => {
    switch (character) {
      case "\t":
        return "    ";
      case "\n":
        return "\\n";
      case "\r":
        return "\\r";
      default: {
        const hex = (character.codePointAt(0) ?? 0).toString(16);
        return hex.length <= 2 ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`;
      }
    }
  });
}

/** The same for text of several lines. A final line break adds no empty line. */
export function printableLines(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines.map(printableText);
}

/** For what a program wrote: its colours and cursor movements are dropped instead of shown, the rest is as above. */
export function printableOutput(text: string): string[] {
  return printableLines(stripVTControlCharacters(text));
}
