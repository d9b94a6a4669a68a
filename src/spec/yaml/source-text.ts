import type { SourceRange } from "../../problems/problem.ts";

/** Lines longer than this are not shown; the place is still given by line and column. */
const longestShownLine = 2000;

/** The text of a file of the user's, which turns offsets into lines and columns. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  #lineStarts: number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** The place from `start` up to, not including, `end`, cut at the end of its first line. */
  range(start: number, end: number): SourceRange {
    const from = Math.min(Math.max(0, start), this.text.length);
    const starts = this.#starts();
    const line = this.lineAt(from);
    const lineStart = starts[line - 1] ?? 0;
    const nextStart = starts[line];
    const untrimmed = this.text.slice(lineStart, nextStart === undefined ? this.text.length : nextStart - 1);
    const content = untrimmed.endsWith("\r") ? untrimmed.slice(0, -1) : untrimmed;
    const column = Math.min(from - lineStart, content.length);
    const room = content.length - column;
    const length = Math.min(Math.max(1, end - from), room);
    return {
      file: this.file,
      line,
      column: column + 1,
      length,
      ...(content.length <= longestShownLine ? { text: content } : {}),
    };
  }

  /** The line an offset is on, counted from 1. */
  lineAt(offset: number): number {
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  #starts(): number[] {
    if (this.#lineStarts === undefined) {
      this.#lineStarts = [0];
      for (let at = this.text.indexOf("\n"); at !== -1; at = this.text.indexOf("\n", at + 1)) {
        this.#lineStarts.push(at + 1);
      }
    }
    return this.#lineStarts;
  }
}
