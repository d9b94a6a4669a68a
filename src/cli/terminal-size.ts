/** What a terminal is taken for that does not know its size, as some that programs make for programs do. */
const usual = { columns: 80, rows: 24 };

/**
 * Gives a terminal that says it has no columns, or no rows, the usual ones. Before anything is printed: everything
 * that wraps, ours or not, asks the stream.
 */
export function giveSize(stream: { columns?: number; rows?: number }): void {
  if (stream.columns === 0) stream.columns = usual.columns;
  if (stream.rows === 0) stream.rows = usual.rows;
}
