import { printableLines, printableText } from "../problems/printable-text.ts";

/** Foreign text inside a line of Markdown: shows as it is, and can be no markup, no HTML and no new line. */
export function markdownText(text: string): string {
  return printableText(text)
    .trim()
    .replace(/[\\`*_[\]|~$#]/g, "\\$&")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/^([-+=])(?=\s|$|[-=])/, "\\$1")
    .replace(/^(\d+)([.)])(?=\s|$)/, "$1\\$2");
}

/** Foreign text as inline code; longer fences around backticks. In a table, bars are escaped as GFM wants it. */
export function markdownCode(text: string, place: "line" | "table" = "line"): string {
  const clean = printableText(text);
  const fence = fenceAround(clean, 1);
  const padded = /^`|`$|^ .* $|^$/.test(clean) ? ` ${clean} ` : clean;
  return fence + (place === "table" ? padded.replaceAll("|", "\\|") : padded) + fence;
}

/** Foreign text of several lines as one code block. Every line is indented by `indent`, for use in lists. */
export function markdownBlock(text: string, language = "", indent = ""): string {
  const lines = printableLines(text);
  const fence = fenceAround(lines.join("\n"), 3);
  return [`${fence}${language}`, ...lines, fence].map((line) => (line === "" ? "" : indent + line)).join("\n");
}

function fenceAround(text: string, atLeast: number): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
  return "`".repeat(Math.max(atLeast, longest + 1));
}
