import { type OsRelease, osRelease } from "../../facts/os-release.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { Finding, PreflightCheck } from "../check.ts";

/** Systems Slipway knows how to set up, by their ID in /etc/os-release (in lower case). */
const supported: Readonly<Record<string, readonly string[]>> = {
  debian: ["12", "13"],
  ubuntu: ["22.04", "24.04"],
  rocky: ["8", "9"],
  rhel: ["8", "9"],
  almalinux: ["8", "9"],
  openeuler: ["22"],
};

const list = "Debian 12 and 13, Ubuntu 22.04 and 24.04, Rocky Linux, RHEL and AlmaLinux 8 and 9, openEuler 22";

/** An operating system Slipway knows how to set up. */
export const osSupported: PreflightCheck = {
  name: "os-supported",
  asks: "operating system and version",
  run: (context) =>
    judgeHosts(context, context.hosts, "every operating system is supported", async (host) =>
      judge(await context.fact(host.name, osRelease)),
    ),
};

function judge(found: OsRelease): readonly Omit<Finding, "host">[] {
  const versions = supported[found.id.toLowerCase()];
  // "9.4" is a release of 9, "22.03-LTS" one of 22; "24.04" is a version of its own.
  const isSupported = versions?.some((one) => found.versionId === one || isPointRelease(found.versionId, one)) ?? false;
  if (isSupported) return [];
  const because = `it is ${found.prettyName}; supported are ${list}`;
  const hint = { text: "install a supported system, or downgrade this check with a reason and try it on a spare host" };
  // A relative has the same package manager and service names, so it may well work; a stranger has not.
  const isRelative = found.like.some((one) => one in supported) || versions !== undefined;
  return [
    isRelative
      ? { severity: "error", message: "this version of the operating system is not supported", because, hint }
      : { severity: "error", message: "the operating system is not supported", because, hint },
  ];
}

function isPointRelease(versionId: string, wanted: string): boolean {
  return !wanted.includes(".") && versionId.startsWith(`${wanted}.`);
}
