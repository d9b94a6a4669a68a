import { z } from "zod";

/**
 * A kind of text the cluster file can hold. Every text of the file is of one: what reaches a command or a configuration
 * file later is bounded here, by what it may contain and not by what it may not.
 */
export interface ValueKind {
  /** With its article: "a host name". */
  readonly what: string;
  /** What it consists of, as a statement that can be printed. */
  readonly rule: string;
  readonly example: string;
  /** In characters. */
  readonly maxLength: number;
  /** Must match the whole text. Linear: no nested repetition over the same characters. */
  readonly pattern: RegExp;
  /** What the pattern cannot say. */
  readonly accepts?: (text: string) => boolean;
}

/** Whether the text is of the kind. */
export function isOfKind(kind: ValueKind, text: string): boolean {
  return text.length <= kind.maxLength && kind.pattern.test(text) && (kind.accepts?.(text) ?? true);
}

/**
 * The schema of a text of this kind, with an example that suits the field. A text that is not gets one issue, which
 * carries the kind for its wording.
 */
export function textOf(kind: ValueKind, example: string = kind.example) {
  return z
    .string()
    .refine((text) => isOfKind(kind, text), { params: { kind } })
    .meta({ pattern: kind.pattern.source, maxLength: kind.maxLength, examples: [example] });
}
