import { formatPatch, OMIT_HEADERS, structuredPatch } from "diff/lib/patch/create.js";

/** Longer texts get no diff: nobody reads it, and a plan has to stay small. */
const longestDiffedChars = 256 * 1024;
/** More changed lines than this are a rewrite, and finding the smallest diff of them is quadratic. */
const mostEditedLines = 2_000;

/** What may stand before a secret in a file that somebody else wrote. */
const secretWord = /pass(word|wd|phrase)?\b|secret|token|credential|auth|private.?key|api.?key/i;

/**
 * Unified diff without the file header; undefined when one of the two is binary, too long or has little in common.
 * Lines of `before` that may hold a secret are hidden: the file is somebody else's until it is replaced.
 */
export function unifiedDiff(before: string | Uint8Array, after: string | Uint8Array): string | undefined {
  const old = textOf(before);
  const wanted = textOf(after);
  if (old === undefined || wanted === undefined) return undefined;
  const patch = structuredPatch("", "", old, wanted, undefined, undefined, {
    context: 3,
    maxEditLength: mostEditedLines,
  });
  if (patch === undefined) return undefined;
  for (const hunk of patch.hunks) hunk.lines = hunk.lines.map(withoutSecrets);
  return formatPatch(patch, OMIT_HEADERS).replace(/\n$/, "");
}

function withoutSecrets(line: string): string {
  const isOld = line.startsWith("-") || line.startsWith(" ");
  return isOld && secretWord.test(line) ? `${line.slice(0, 1)}(hidden: it may hold a secret)` : line;
}

function textOf(content: string | Uint8Array): string | undefined {
  if (content.length > longestDiffedChars) return undefined;
  if (typeof content === "string") return content;
  if (content.includes(0)) return undefined;
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : undefined;
}
