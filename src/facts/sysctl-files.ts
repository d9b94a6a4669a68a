import { posix } from "node:path";
import type { Read } from "../hosts/port.ts";
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

/** sysctl.d(5) and sysctl(8), https://man7.org/linux/man-pages/man5/sysctl.d.5.html (2026-11-21) */
const folders = ["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"];
/** `sysctl --system` reads it after all others. */
const last = "/etc/sysctl.conf";
const argv = ["grep", "-rHs", "--include=*.conf", "-e", "^[^#;]*=", "--", ...folders, last];
const asked = argv.join(" ");
const reads: readonly Read[] = [{ kind: "run", argv }];

/**
 * What files other than `own` set after it: those whose name comes later, whatever their folder, and /etc/sysctl.conf.
 * Patterns of keys are left out.
 */
export function laterSysctls(own: string): Fact<readonly SysctlAssignment[]> {
  return {
    name: `later-sysctls ${own}`,
    reads,
    parse([answer]) {
      const result = commandOf("later-sysctls", asked, answer);
      if (result.exitCode > 2) {
        throw notUnderstood("later-sysctls", asked, answer, `it ended with exit code ${result.exitCode}`);
      }
      const lines = result.stdout.toString("utf8").split("\n");
      return lines.flatMap((line) => {
        const [, path = "", key = "", value = ""] = /^([^:]+):\s*-?([^\s=]+)\s*=(.*)$/.exec(line) ?? [];
        const isLater = path === last || posix.basename(path) > posix.basename(own);
        if (path === own || !isLater || key === "" || key.includes("*")) return [];
        return [{ path, key: withDots(key), value: normalSysctl(value) }];
      });
    },
  };
}

/** The first separator decides, as in `sysctlPath`. */
function withDots(key: string): string {
  const bySlash = /^[^./]*\//.test(key);
  return bySlash ? key.replace(/[./]/g, (one) => (one === "/" ? "." : "/")) : key;
}
