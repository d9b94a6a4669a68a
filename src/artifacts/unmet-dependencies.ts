/** A package as far as others depend on it. */
export interface ControlFile {
  readonly name: string;
  /** The control file. */
  readonly control: string;
}

/**
 * Dependencies of packages on each other that none of them meets, as "chrony needs libseccomp2". Versions are not
 * compared: packages of one release of a distribution fit each other.
 */
export function unmetDependencies(packages: readonly ControlFile[]): readonly string[] {
  const there = new Set<string>();
  for (const { name, control } of packages) {
    there.add(name);
    for (const provided of listOf(control, "Provides")) for (const one of provided) there.add(one);
  }
  const unmet: string[] = [];
  for (const { name, control } of packages) {
    for (const alternatives of [...listOf(control, "Pre-Depends"), ...listOf(control, "Depends")]) {
      if (!alternatives.some((one) => there.has(one))) unmet.push(`${name} needs ${alternatives.join(" or ")}`);
    }
  }
  return [...new Set(unmet)].sort();
}

/** "a (>= 1) | b, c:any" is [[a, b], [c]]. https://www.debian.org/doc/debian-policy/ch-relationships.html (2026-11-21) */
function listOf(control: string, field: string): readonly (readonly string[])[] {
  const value = new RegExp(`^${field}:(.*(?:\n[ \t].*)*)`, "m").exec(control)?.[1] ?? "";
  return value
    .split(",")
    .map((entry) =>
      entry
        .split("|")
        .map((one) => one.trim().replace(/[\s:([].*$/s, ""))
        .filter((one) => one !== ""),
    )
    .filter((alternatives) => alternatives.length > 0);
}
