import { containerdRelease } from "../../domain/containerd-release.ts";
import { needsContainerd2 } from "../../domain/containerd-two.ts";
import type { Rule } from "./rule.ts";

const path = ["spec", "runtime", "source"] as const;

/** Where containerd comes from is said once, and it is new enough where that can be known here. */
export const runtimeSource: Rule = ({ runtime, kubernetes }, report) => {
  if (runtime === undefined) return;
  const { from, version } = runtime.source;
  if (from === "package") {
    for (const field of ["version", "sha256"] as const) {
      if (runtime.source[field] === undefined) continue;
      report.error("config/runtime-source-conflict", [...path, field], {
        message: `a package has no spec.runtime.source.${field}`,
        because: `from (${report.placeOf([...path, "from"])}) is package`,
        hint: {
          text: field === "version" ? "write from: release, or move it to spec.runtime.version" : "write from: release",
        },
      });
    }
    return;
  }
  if (runtime.version !== undefined) {
    report.error("config/runtime-source-conflict", ["spec", "runtime", "version"], {
      message: "spec.runtime.version is a package's",
      because: `spec.runtime.source.from (${report.placeOf([...path, "from"])}) is release`,
      hint: { text: "write it as spec.runtime.source.version" },
    });
  }
  if (version === undefined) {
    report.error("config/runtime-source-conflict", [...path, "from"], {
      message: "a release of containerd has no version",
      because: "spec.runtime.source.version is not set; releases do not change by themselves",
      hint: { text: `add version: ${containerdRelease}` },
    });
    return;
  }
  if (version.startsWith("1.") && kubernetes !== undefined && needsContainerd2(kubernetes.version)) {
    report.error("config/old-containerd", [...path, "version"], {
      message: `containerd ${version} is too old for Kubernetes ${kubernetes.version}`,
      because: "Kubernetes 1.36 and newer need containerd 2.0 or newer",
      hint: { text: `write version: ${containerdRelease}` },
    });
  }
};
