import { Writable } from "node:stream";
import { displayWidth } from "../../src/problems/display-width.ts";

const esc = "\u001b";

/**
 * A terminal for tests: carries out the few sequences log-update sends and keeps the text, so that a test compares what
 * a person would see. Unknown escape sequences are errors.
 */
export class Screen extends Writable {
  columns: number;
  rows: number;
  readonly isTTY = true;
  /** The characters of every line ever shown and not erased, the oldest first. */
  readonly lines: string[][] = [[]];
  writes = 0;
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes++;
    const pattern = new RegExp(`${esc}\\[([?\\d;]*)([A-Za-z])|[\\s\\S]`, "gu");
    for (const [all, argument = "", command] of chunk.toString("utf8").matchAll(pattern)) {
      if (command === undefined) this.#put(all);
      else this.#control(argument, command);
    }
    done();
  }

  /** What is visible, without empty lines at the end. */
  shown(): string {
    return this.lines
      .map((line) => line.join("").trimEnd())
      .join("\n")
      .trimEnd();
  }

  #put(character: string): void {
    if (character === esc) throw new Error("an escape character that begins no known sequence");
    if (character === "\n") {
      this.#row++;
      this.#column = 0;
      if (this.#row === this.lines.length) this.lines.push([]);
      return;
    }
    const line = this.lines[this.#row] ?? [];
    while (line.length < this.#column) line.push(" ");
    line[this.#column] = character;
    this.#column++;
    // Counted anew only when it may matter: characters without a width of their own take no column.
    if (this.#column > this.columns && displayWidth(line.join("")) > this.columns)
      throw new Error(`a line is longer than the terminal: ${line.join("")}`);
  }

  #control(argument: string, command: string): void {
    const count = Number(argument === "" ? 1 : argument);
    switch (command) {
      case "A":
        this.#row = Math.max(0, this.#row - count);
        return;
      case "B":
        this.#row = Math.min(this.lines.length - 1, this.#row + count);
        return;
      case "G":
        this.#column = 0;
        return;
      case "K":
        (this.lines[this.#row] ?? []).length =
          argument === "2" ? 0 : Math.min(this.#column, this.lines[this.#row]?.length ?? 0);
        return;
      case "m":
      case "h":
      case "l":
        return;
      default:
        throw new Error(`an escape sequence this screen does not know: ${argument}${command}`);
    }
  }
}
