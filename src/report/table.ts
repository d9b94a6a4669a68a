import { displayWidth, padText, truncateText } from "../problems/display-width.ts";
import { printableText } from "../problems/printable-text.ts";

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | undefined;
  /** Numbers read best at the right; default "left". */
  readonly align?: "left" | "right";
  /** Colours the padded cell. Gets printable text. */
  readonly paint?: (cell: string, row: Row) => string;
}

/** How a table is printed. */
export interface TableOptions {
  /** Columns of the terminal; the widest column is cut until a line fits. Absent: nothing is cut, as for a pipe. */
  readonly width?: number;
}

const gap = "  ";

/** Aligned columns under upper-case titles, two spaces apart, no rules. A missing value is "-". Ends without a line break. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: TableOptions = {}): string {
  const cells = rows.map((row) => columns.map((column) => printableText(String(column.value(row) ?? "-"))));
  const titles = columns.map((column) => printableText(column.title).toUpperCase());
  const widths = titles.map((title, index) =>
    cells.reduce((widest, line) => Math.max(widest, displayWidth(line[index] ?? "")), displayWidth(title)),
  );
  shrink(widths, options.width);

  const lineOf = (texts: readonly string[], paint: (cell: string, index: number) => string): string =>
    texts
      .map((text, index) => {
        const width = widths[index] ?? 0;
        const isLast = index === texts.length - 1;
        const cut = truncateText(text, width);
        if (columns[index]?.align === "right") return paint(padText(cut, width, "left"), index);
        return isLast ? paint(cut, index) : paint(padText(cut, width), index);
      })
      .join(gap)
      .trimEnd();

  return [
    lineOf(titles, (cell) => cell),
    ...rows.map((row, at) => lineOf(cells[at] ?? [], (cell, index) => columns[index]?.paint?.(cell, row) ?? cell)),
  ].join("\n");
}

/** Takes columns from the widest until the table fits, but leaves each at least eight. */
function shrink(widths: number[], width: number | undefined): void {
  if (width === undefined) return;
  const room = width - gap.length * (widths.length - 1);
  for (let over = widths.reduce((sum, one) => sum + one, 0) - room; over > 0; over--) {
    const widest = Math.max(...widths);
    if (widest <= 8) return;
    widths[widths.indexOf(widest)] = widest - 1;
  }
}
