import type { Answer } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { commandOf, isCommandMissing } from "./not-understood.ts";

/** Where a host's package manager gets packages from. */
export interface PackageSources {
  readonly kind: "apt" | "dnf" | "none";
  /** http, https and ftp addresses; local ones are left out. */
  readonly urls: readonly string[];
  /** Proxy the package manager goes through, if any: then the sources themselves need not be reachable. */
  readonly proxy?: string;
}

const aptSources = ["apt-get", "indextargets", "--format", "$(SITE)"] as const;
const aptProxy = ["apt-config", "dump", "--format", "%v%n", "Acquire::http::Proxy", "Acquire::https::Proxy"] as const;
const dnfSources = [
  "grep",
  "-rhE",
  "^(baseurl|mirrorlist|metalink|proxy|enabled|\\[)",
  "/etc/yum.repos.d",
  "/etc/dnf/dnf.conf",
] as const;

/** The repositories that a host is set up with. */
export const packageSources: Fact<PackageSources> = {
  name: "package-sources",
  reads: [
    { kind: "run", argv: aptSources },
    { kind: "run", argv: aptProxy },
    { kind: "run", argv: dnfSources },
  ],
  parse: ([apt, proxy, dnf]) => {
    if (!isCommandMissing(apt)) {
      const found = linesOf(aptProxy, proxy).find((line) => /^https?:/i.test(line));
      return { kind: "apt", urls: remote(linesOf(aptSources, apt)), ...(found === undefined ? {} : { proxy: found }) };
    }
    const sections = enabledSections(linesOf(dnfSources, dnf));
    if (sections.length === 0) return { kind: "none", urls: [] };
    const found = sections.find((one) => one.has("proxy"))?.get("proxy");
    const urls = sections.flatMap((one) => one.get("baseurl") ?? one.get("metalink") ?? one.get("mirrorlist") ?? []);
    return { kind: "dnf", urls: remote(urls), ...(found === undefined ? {} : { proxy: found }) };
  },
};

function remote(urls: readonly string[]): readonly string[] {
  return [...new Set(urls.filter((url) => /^(https?|ftp):\/\//i.test(url)))].sort();
}

function linesOf(argv: readonly string[], answer: Answer | undefined): readonly string[] {
  if (isCommandMissing(answer)) return [];
  const { stdout } = commandOf("package-sources", argv.join(" "), answer);
  return stdout
    .toString("utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** The sections of .repo files that are not switched off. Lines of several files follow each other. */
function enabledSections(lines: readonly string[]): readonly ReadonlyMap<string, string>[] {
  const sections: Map<string, string>[] = [];
  for (const line of lines) {
    if (line.startsWith("[")) sections.push(new Map());
    const found = /^(\w+)\s*=\s*(\S+)/.exec(line);
    if (found?.[1] !== undefined && found[2] !== undefined) sections.at(-1)?.set(found[1], found[2]);
  }
  return sections.filter((one) => one.get("enabled") !== "0");
}
