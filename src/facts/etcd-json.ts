/**
 * etcdctl's JSON, with long whole numbers as texts: identifiers have 64 bits, and JSON.parse would round them.
 * Undefined when the text is not JSON.
 */
export function parseEtcdJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/("\w+":\s*)(\d{16,})/g, '$1"$2"'));
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/** A field of a value that may be an object. */
export function fieldOf(value: unknown, ...names: readonly string[]): unknown {
  let at = value;
  for (const name of names) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** A whole number; etcdctl leaves out what is 0. */
export function numberIn(value: unknown, ...names: readonly string[]): number {
  return Number(fieldOf(value, ...names) ?? 0);
}

/** A text; "" when it is left out. */
export function textIn(value: unknown, ...names: readonly string[]): string {
  const found = fieldOf(value, ...names);
  return typeof found === "string" ? found : "";
}

/** A 64-bit identifier as etcd prints it for people: hexadecimal, "0" when it is left out. */
export function idIn(value: unknown, ...names: readonly string[]): string {
  const found = fieldOf(value, ...names);
  return typeof found === "string" || typeof found === "number" ? BigInt(found).toString(16) : "0";
}

/** A list; empty when it is left out. */
export function listIn(value: unknown, ...names: readonly string[]): readonly unknown[] {
  const found = fieldOf(value, ...names);
  return Array.isArray(found) ? found : [];
}
