import { Document, visit } from "yaml";
import { jsonText } from "./json-text.ts";
import type { OutputFormat } from "./output-formats.ts";

/**
 * A result as text for people or for machines; keys in the order given, a line break at the end. `text` is only asked
 * when it is wanted. Secrets print as "***".
 */
export function formatResult(value: unknown, format: OutputFormat, text: () => string): string {
  switch (format) {
    case "text": {
      const lines = text();
      return lines === "" || lines.endsWith("\n") ? lines : `${lines}\n`;
    }
    case "json":
      return `${jsonText(value, 2)}\n`;
    case "yaml":
      return yamlText(value);
  }
}

/** Besides control characters: what the YAML library would print as it is. */
const unescaped = /[\p{Cs}\u007f-\u009f\u2028\u2029]|(?![\u200c\u200d])\p{Cf}/gu;

/** By way of JSON, so that both formats hold the same data: no undefined, no classes, dates as text. */
function yamlText(value: unknown): string {
  const document = new Document(JSON.parse(jsonText(value)), { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      // Only double-quoted text can hold escapes; which characters need one is settled below.
      if (typeof node.value === "string" && node.value.search(unescaped) >= 0) node.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ lineWidth: 0 }).replace(unescaped, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length <= 4 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
}
