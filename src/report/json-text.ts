/** What JSON leaves as it is, but a terminal or a line reader may act on. */
const unescaped = /[\u007f-\u009f\u2028\u2029]|(?![\u200c\u200d])\p{Cf}/gu;

/**
 * A value as JSON in which control characters and invisible format characters are always escaped, so that it can be
 * printed on a terminal. `undefined` as a whole becomes null. `indent`: spaces per level; absent: one line.
 */
export function jsonText(value: unknown, indent?: number): string {
  const json = JSON.stringify(value ?? null, undefined, indent);
  return json.replace(unescaped, (found) =>
    [...found.split("")].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  );
}
