import { posix } from "node:path";
import type { Answer, Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";
import { normalSysctl } from "./sysctls.ts";

/** A kernel setting as a file sets it at boot. */
export interface SysctlAssignment {
  readonly path: string;
  /** With dots, as in "net.ipv4.ip_forward". */
  readonly key: string;
  readonly value: string;
}

/**
 * What systemd-sysctl reads at boot, and in which order files of one name hide each other. /etc/sysctl.conf is read only
 * where a link in one of these folders leads to it, as Debian's 99-sysctl.conf does.
 * https://man7.org/linux/man-pages/man5/sysctl.d.5.html; `systemd-analyze cat-config sysctl.d`, systemd 252 (2026-11-21)
 */
const folders = ["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"];
/** Also those that hide others by being empty, or a link to /dev/null. */
const list = ["find", ...folders, "-maxdepth", "1", "-name", "*.conf"];
const search = ["grep", "-RHs", "--include=*.conf", "-e", "^[^#;]*=", "--", ...folders];
const reads: readonly Read[] = [list, search].map((argv) => ({ kind: "run", argv }));

/** What files other than `own` set after it: those whose name comes later, whatever their folder. Patterns of keys are left out. */
export function laterSysctls(own: string): Fact<readonly SysctlAssignment[]> {
  return {
    name: `later-sysctls ${own}`,
    reads,
    parse([listed, searched]) {
      const inForce = filesInForce(linesOf(list, listed, 1));
      const assignments = linesOf(search, searched, 2).flatMap((line) => {
        const [, path = "", key = "", value = ""] = /^([^:]+):\s*-?([^\s=]+)\s*=(.*)$/.exec(line) ?? [];
        const name = posix.basename(path);
        const isLater = name > posix.basename(own) && inForce.get(name) === path;
        if (!isLater || key === "" || key.includes("*")) return [];
        return [{ path, key: withDots(key), value: normalSysctl(value) }];
      });
      // As they are read: by name. Those of one file stay in their order.
      return assignments.sort((one, other) => compareTexts(posix.basename(one.path), posix.basename(other.path)));
    },
  };
}

/** The path that counts, by file name: of two with the same name, the one in the earlier folder hides the other. */
function filesInForce(paths: readonly string[]): ReadonlyMap<string, string> {
  const rank = (path: string) => folders.indexOf(posix.dirname(path));
  const known = paths.filter((path) => rank(path) >= 0).sort((one, other) => rank(other) - rank(one));
  return new Map(known.map((path) => [posix.basename(path), path]));
}

/** Folders that are missing make both commands fail, and change nothing about what they found. */
function linesOf(argv: readonly string[], answer: Answer | undefined, highestExitCode: number): readonly string[] {
  const asked = argv.join(" ");
  const { exitCode, stdout } = commandOf("later-sysctls", asked, answer);
  if (exitCode > highestExitCode) {
    throw notUnderstood("later-sysctls", asked, answer, `it ended with exit code ${exitCode}`);
  }
  return stdout.toString("utf8").split("\n");
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The first separator decides, as in `sysctlPath`. */
function withDots(key: string): string {
  const bySlash = /^[^./]*\//.test(key);
  return bySlash ? key.replace(/[./]/g, (one) => (one === "/" ? "." : "/")) : key;
}
