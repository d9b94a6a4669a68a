import type { ErrorCode } from "yaml";
import type { Finding, FindingWords } from "./finding.ts";
import type { Span } from "./path-locator.ts";

/** An error of the YAML library. */
export interface SyntaxError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly pos: readonly [number, number];
}

/** These are about one value. After any other one, the text below is taken for something else than it was meant as. */
const withoutFollowers: ReadonlySet<ErrorCode> = new Set(["BAD_DQ_ESCAPE", "BAD_SCALAR_START"]);

/**
 * What is wrong with the YAML of a file: everything up to the first slip that others follow from, and nothing after it.
 * `openQuotes` are the texts in quotes that do not end on their line, where a slip often begins long before it is noticed.
 */
export function syntaxFindings(
  errors: readonly SyntaxError[],
  text: string,
  openQuotes: readonly Span[],
): readonly Finding[] {
  const sorted = errors.toSorted((one, other) => one.pos[0] - other.pos[0]);
  const slip = sorted.findIndex((error) => !withoutFollowers.has(error.code));
  const independent = slip === -1 ? sorted : sorted.slice(0, slip + 1);
  return independent.map((error) => findingOf(error, text, openQuotes));
}

function findingOf(error: SyntaxError, text: string, openQuotes: readonly Span[]): Finding {
  const [start, end] = error.pos;
  const quote = withoutFollowers.has(error.code) ? undefined : openQuotes.find((one) => isAt(one, start, text));
  return {
    code: "config/yaml-syntax",
    severity: "error",
    ...(quote ?? { start: firstWord(text, start), end }),
    words: () => (quote === undefined ? wordsOf(error, text) : wordsOfQuote(quote, text)),
  };
}

/** Errors of a line's indentation are told of its first column; what is to be moved is its first word. */
function firstWord(text: string, start: number): number {
  let at = start;
  while (text.charAt(at) === " ") at += 1;
  return at;
}

/** Whether an offset is in a text in quotes, or behind it on the line on which it ends. */
function isAt(quote: Span, offset: number, text: string): boolean {
  const lineEnd = text.indexOf("\n", quote.end);
  return offset >= quote.start && (lineEnd === -1 || offset <= lineEnd);
}

function wordsOfQuote({ start, end }: Span, text: string): FindingWords {
  const line = text.slice(0, end).split("\n").length;
  const mark = text.charAt(start);
  const isClosed = end - start > 1 && text.charAt(end - 1) === mark;
  return {
    message: "a quote that is opened here is not closed",
    because: isClosed ? `the next ${mark} is on line ${line}` : `no ${mark} follows that could close it`,
    hint: { text: `close it with ${mark} on the same line` },
  };
}

function wordsOf(error: SyntaxError, text: string): FindingWords {
  return {
    message: "the file is not valid YAML here",
    because: (error.message.split("\n", 1)[0] ?? "").slice(0, 200),
    hint: {
      text: hintOf(error, text) ?? "check indentation, quotes, colons and brackets on this line and above",
    },
  };
}

function hintOf({ code, message, pos: [start] }: SyntaxError, text: string): string | undefined {
  const unclosed = /must be sufficiently indented and end with a ([\]}])/.exec(message)?.[1];
  if (unclosed !== undefined) return `add the missing ${unclosed}, or indent what is inside`;
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  if (/^ *-[^\s-]/.test(text.slice(lineStart, lineStart + 200))) return "write a space after the '-'";
  return hints.find(([of, says]) => of === code && says.test(message))?.[2];
}

const hints: readonly (readonly [code: ErrorCode, says: RegExp, hint: string])[] = [
  ["TAB_AS_INDENT", /./, "indent with spaces; YAML does not allow tabs"],
  ["BAD_DQ_ESCAPE", /./, "use single quotes, or double the backslash"],
  ["MISSING_CHAR", /followed by map values/, "add the missing ':' after the name"],
  ["MISSING_CHAR", /Sequence item without/, "indent this line like its neighbours, or begin it with '- '"],
  ["MISSING_CHAR", /./, "add the missing space, comma or colon"],
  ["BAD_SCALAR_START", /./, "put the value in quotes; it starts with a character that means something in YAML"],
  ["BAD_INDENT", /./, "indent this line like its neighbours"],
  ["BLOCK_AS_IMPLICIT_KEY", /sequence/, "indent this line like its neighbours"],
  [
    "BLOCK_AS_IMPLICIT_KEY",
    /./,
    "put a value that holds ': ' in quotes; begin the fields below at the column of this one",
  ],
  ["MULTILINE_IMPLICIT_KEY", /./, "add the missing ':' or the missing '-', or put the key on one line"],
];
