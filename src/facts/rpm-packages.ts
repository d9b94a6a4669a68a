import type { Read } from "../hosts/port.ts";
import type { InstalledPackage, InstalledPackages } from "./deb-packages.ts";
import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";
import { parsedOnce } from "./parsed-once.ts";

const argv = ["env", "LC_ALL=C", "rpm", "-q", "--qf", "%{NAME}\\t%{VERSION}-%{RELEASE}\\n", "--"];
const asked = argv.join(" ");

/**
 * Which of `names` rpm has installed; "no-rpm" where there is no rpm. rpm knows no half-installed packages, and holds
 * are not rpm's business but dnf's: `complete` is always true, `held` always false.
 */
export function rpmPackages(names: readonly string[]): Fact<InstalledPackages | "no-rpm"> {
  const reads: readonly Read[] = [{ kind: "run", argv, operands: names }];
  return {
    name: `rpm-packages ${names.join(" ")}`,
    reads,
    parse([answer]) {
      const result = commandOf("rpm-packages", asked, answer);
      if (result.exitCode === 127) return "no-rpm";
      return packagesIn(result);
    },
  };
}

const packagesIn = parsedOnce((result): InstalledPackages => {
  const packages = new Map<string, InstalledPackage>();
  for (const line of result.stdout.toString("utf8").split("\n")) {
    if (line === "" || /^package .+ is not installed$/.test(line)) continue;
    const [name, version, ...rest] = line.split("\t");
    if (name === undefined || version === undefined || rest.length > 0) {
      throw notUnderstood("rpm-packages", asked, result, `line "${line}" is not a package`);
    }
    packages.set(name, { version, complete: true, held: false });
  }
  return packages;
});
