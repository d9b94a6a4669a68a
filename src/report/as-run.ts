import type { RunEvent } from "../engine/events.ts";
import { htmlOf } from "./as-run-html.ts";
import { markdownOf } from "./as-run-markdown.ts";
import { asRunRecord } from "./as-run-record.ts";

/**
 * The as-run document of a journal in Markdown: who ran what when, how each step ended, what it changed, waited for and
 * carried out, problems with their evidence, where the time went. Also for a run that was cut off.
 */
export function asRunMarkdown(events: Iterable<RunEvent>): string {
  return markdownOf(asRunRecord(events));
}

/** The same as one HTML page without scripts or outside assets. */
export function asRunHtml(events: Iterable<RunEvent>): string {
  return htmlOf(asRunRecord(events));
}
