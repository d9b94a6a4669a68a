import type { Finding } from "./finding.ts";
import { limits } from "./limits.ts";
import { SourceText } from "./source-text.ts";

/**
 * The text of a file, or why it is none: too large, not UTF-8, control characters. A byte order mark is dropped, so
 * columns are those of an editor.
 */
export function decodeText(
  bytes: string | Uint8Array,
  file: string,
): { readonly source: SourceText; readonly findings: readonly Finding[] } {
  const size = typeof bytes === "string" ? Buffer.byteLength(bytes) : bytes.length;
  if (size > limits.fileBytes) {
    return rejected(file, "", {
      code: "config/file-too-large",
      message: `${file} is too large for a cluster file`,
      because: `found ${size} bytes; the limit is ${limits.fileBytes} (16 MiB)`,
      hint: { text: "check that this is the file you meant; 5,000 hosts take about 0.5 MB" },
    });
  }
  const text = typeof bytes === "string" ? bytes : decodeUtf8(bytes);
  if (text === undefined) {
    return rejected(file, "", {
      code: "config/not-text",
      message: `${file} is not UTF-8 text`,
      because: utf16Mark(bytes) ?? "found bytes that are not UTF-8; YAML files are read as UTF-8",
      hint: { text: "save the file as UTF-8", command: `iconv -f UTF-16 -t UTF-8 -o cluster.yaml FILE` },
    });
  }
  const source = new SourceText(file, text.startsWith("\ufeff") ? text.slice(1) : text);
  return { source, findings: controlCharacters(source.text) };
}

/** What YAML 1.2 (section 5.1) does not allow in a file, and carriage returns that end no line. */
const forbidden = /[[\p{Cc}\p{Cs}\ufeff\ufffe\uffff]--[\t\n\r\u0085]]|\r(?!\n)/gv;
/** Enough to see where; the rest of a binary file says nothing more. */
const mostControlCharacters = 20;

function controlCharacters(text: string): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(forbidden)) {
    const hex = (match[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    findings.push({
      code: "config/not-text",
      severity: "error",
      start: match.index,
      end: match.index + 1,
      words: () => ({
        message: "the file holds a character that YAML does not allow",
        because: `found U+${hex}; only printable characters, tabs and line breaks are allowed`,
        hint: { text: "remove it; an editor that shows invisible characters helps" },
      }),
    });
    if (findings.length === mostControlCharacters) break;
  }
  return findings;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    // The only way to ask: TextDecoder answers "not UTF-8" with a TypeError.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function utf16Mark(bytes: string | Uint8Array): string | undefined {
  const mark = typeof bytes === "string" ? "" : Buffer.from(bytes.subarray(0, 2)).toString("hex");
  return mark === "fffe" || mark === "feff"
    ? "found a UTF-16 byte order mark; YAML files are read as UTF-8"
    : undefined;
}

function rejected(
  file: string,
  text: string,
  problem: ReturnType<Finding["words"]> & { readonly code: Finding["code"] },
): { readonly source: SourceText; readonly findings: readonly Finding[] } {
  const { code, ...words } = problem;
  return {
    source: new SourceText(file, text),
    findings: [{ code, severity: "error", start: 0, end: 0, words: () => words }],
  };
}
