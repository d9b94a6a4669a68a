/** Characters that take two columns: East Asian wide and fullwidth (Unicode 16, EastAsianWidth.txt, read 2025-09). */
const wide =
  /^(?:[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u;
const zeroWidth = /^[\p{Mn}\p{Me}\u200c\u200d]+$/u;
const ascii = /^[\x20-\x7e]*$/;
/** Made at the first use: the rules of a language take some ms to load, and nearly all text is ASCII. */
let segmenter: Intl.Segmenter | undefined;
function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}

function graphemeWidth(grapheme: string): number {
  if (zeroWidth.test(grapheme)) return 0;
  return wide.test(grapheme) || grapheme.includes("\ufe0f") ? 2 : 1;
}

/** Columns a terminal needs for a line that has been through `printableText`. */
export function displayWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += graphemeWidth(segment);
  return width;
}

/** The longest head of a printable line that fits `width` columns. */
export function headOf(text: string, width: number): string {
  if (ascii.test(text)) return text.slice(0, Math.max(0, width));
  let used = 0;
  let head = "";
  for (const { segment } of graphemesOf(text)) {
    used += graphemeWidth(segment);
    if (used > width) break;
    head += segment;
  }
  return head;
}

/** A printable line in at most `width` columns; what does not fit is replaced by "…". */
export function truncateText(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  return width <= 0 ? "" : `${headOf(text, width - 1)}…`;
}

/** A printable line in at most `width` columns; "…" stands for the middle, as both ends of a step's title matter. */
export function truncateMiddle(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  const tailWidth = Math.floor((width - 1) / 2);
  let tail = "";
  for (const { segment } of [...graphemesOf(text)].reverse()) {
    if (displayWidth(segment + tail) > tailWidth) break;
    tail = segment + tail;
  }
  return width <= 0 ? "" : `${headOf(text, width - 1 - displayWidth(tail))}…${tail}`;
}

/** A printable line padded with spaces to `width` columns; longer lines are left as they are. */
export function padText(text: string, width: number, side: "left" | "right" = "right"): string {
  const missing = " ".repeat(Math.max(0, width - displayWidth(text)));
  return side === "right" ? text + missing : missing + text;
}
