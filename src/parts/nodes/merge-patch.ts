type Fields = Readonly<Record<string, unknown>>;

/** The JSON merge patch (RFC 7386) that makes `from` into `to`. */
export function mergePatch(from: Fields, to: Fields): Fields {
  const patch: Record<string, unknown> = {};
  for (const name of Object.keys(from)) if (!Object.hasOwn(to, name)) patch[name] = null;
  for (const [name, wanted] of Object.entries(to)) {
    const there = from[name];
    if (JSON.stringify(there) === JSON.stringify(wanted)) continue;
    patch[name] = isFields(there) && isFields(wanted) ? mergePatch(there, wanted) : wanted;
  }
  return patch;
}

/** What a JSON merge patch (RFC 7386) makes of something. */
export function withMergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const made: Record<string, unknown> = isFields(target) ? { ...target } : {};
  for (const [name, wanted] of Object.entries(patch)) {
    if (wanted === null) delete made[name];
    else made[name] = withMergePatch(made[name], wanted);
  }
  return made;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
