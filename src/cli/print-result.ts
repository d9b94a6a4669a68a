import { formatResult } from "../report/output.ts";
import type { OutputFormat } from "../report/output-formats.ts";
import { shown } from "./shown.ts";

/** Prints a result to stdout, see `formatResult`. What `text` is given has its secrets masked and its hints completed. */
export function printResult<T>(value: T, format: OutputFormat, text: (value: T) => string): void {
  const safe = shown(value);
  process.stdout.write(formatResult(safe, format, () => text(safe)));
}
