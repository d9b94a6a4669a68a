/** Names and marks that programs read; a secret that happens to be one of these words must not garble them. */
const marks = new Set(
  "type at run cluster intention planDigest version step id on phase impact root failed outcome verb how code severity host".split(
    " ",
  ),
);

/**
 * A copy of plain data (an event, a problem) with every text in it masked, except names and marks. What is no plain data
 * (a date, a secret) is left as it is.
 */
export function maskTexts<T>(value: T, mask: (text: string) => string): T {
  return masked(value, mask) as T;
}

function masked(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map((one) => masked(one, mask));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, marks.has(key) ? one : masked(one, mask)]));
}
