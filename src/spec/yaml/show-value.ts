const longestShownValue = 60;

/** A value of the file on one line for a `because`: text in quotes, everything escaped and cut to a readable length. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  return String(value);
}

function quote(text: string): string {
  const shown = JSON.stringify(text.slice(0, longestShownValue)).replace(
    /[^\x20-\x7e]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return text.length > longestShownValue ? `${shown}... (${text.length} characters)` : shown;
}
