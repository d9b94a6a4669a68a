/**
 * Keeps what was made for each key. Resources are rendered once per kind of host and shared by thousands; the key has to
 * name everything the making depends on.
 */
export function remembered<T>(): (key: string, make: () => T) => T {
  const known = new Map<string, T>();
  return (key, make) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const made = make();
    known.set(key, made);
    return made;
  };
}
