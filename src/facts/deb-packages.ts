import type { Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";
import { parsedOnce } from "./parsed-once.ts";

/** One package as a package database has it. */
export interface InstalledPackage {
  readonly version: string;
  /** False when an installation was interrupted: unpacked or half configured. */
  readonly complete: boolean;
  /** Held back from upgrades. */
  readonly held: boolean;
}

/** Installed packages by name: those asked for, and others asked for in the same turn. */
export type InstalledPackages = ReadonlyMap<string, InstalledPackage>;

const argv = ["dpkg-query", "-W", "-f", "$" + "{Package}\\t$" + "{Version}\\t$" + "{db:Status-Abbrev}\\n", "--"];
const asked = argv.join(" ");

/** Which of `names` dpkg has installed, whole or in part; "no-dpkg" where there is no dpkg. */
export function debPackages(names: readonly string[]): Fact<InstalledPackages | "no-dpkg"> {
  const reads: readonly Read[] = [{ kind: "run", argv, operands: names }];
  return {
    name: `deb-packages ${names.join(" ")}`,
    reads,
    parse([answer]) {
      const result = commandOf("deb-packages", asked, answer);
      if (result.exitCode === 127) return "no-dpkg";
      // 1: some are not known to dpkg, which is an answer; 2: dpkg's database could not be read.
      if (result.exitCode > 1) throw notUnderstood("deb-packages", asked, answer, "dpkg could not read its database");
      return packagesIn(result);
    },
  };
}

const packagesIn = parsedOnce((result): InstalledPackages => {
  const packages = new Map<string, InstalledPackage>();
  for (const line of result.stdout.toString("utf8").split("\n")) {
    if (line === "") continue;
    const [name, version, status, ...rest] = line.split("\t");
    if (name === undefined || version === undefined || status === undefined || rest.length > 0 || status.length < 2) {
      throw notUnderstood("deb-packages", asked, result, `line "${line}" is not a package`);
    }
    // n: not installed, c: only its configuration files are left.
    if (status[1] === "n" || status[1] === "c") continue;
    packages.set(name, { version, complete: status[1] === "i", held: status[0] === "h" });
  }
  return packages;
});
