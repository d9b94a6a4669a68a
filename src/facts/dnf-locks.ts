import type { Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";
import { textOf } from "./not-understood.ts";

// The path is the same on RHEL 8 and 9: /etc/dnf/plugins/versionlock.conf names it (2025-11-20).
const path = "/etc/dnf/plugins/versionlock.list";
const reads: readonly Read[] = [linesOfFiles([path])];

/** Names of the packages `dnf versionlock` holds; none where the plugin is not installed. */
export const dnfLocks: Fact<ReadonlySet<string>> = {
  name: "dnf-locks",
  reads,
  parse([answer]) {
    const names = new Set<string>();
    for (const line of (textOf("dnf-locks", path, fileAmong("dnf-locks", path, answer)) ?? "").split("\n")) {
      const entry = line.trim();
      // NAME-EPOCH:VERSION-RELEASE.ARCH, with an optional leading "!" that excludes instead.
      const match = /^([A-Za-z0-9].*?)-\d+:[^-]+-[^-]+$/.exec(entry);
      if (match?.[1] !== undefined) names.add(match[1]);
    }
    return names;
  },
};
