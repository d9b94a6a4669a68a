import type { Rule } from "./rule.ts";

/**
 * Minor versions of Kubernetes 1 this version of Slipway is made for: those whose images it knows
 * (artifacts/component-versions.ts). https://kubernetes.io/releases/ (2026-11-21)
 */
const oldestMinor = 34;
const newestMinor = 36;

/** The Kubernetes version is one Slipway knows. */
export const kubernetesVersion: Rule = ({ kubernetes }, report) => {
  if (kubernetes === undefined) return;
  const { version } = kubernetes;
  const path = ["spec", "kubernetes", "version"];
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const range = `1.${oldestMinor} to 1.${newestMinor}`;
  if (major !== 1 || minor < oldestMinor) {
    report.error("config/unsupported-kubernetes", path, {
      message: `Kubernetes ${version} is not supported`,
      because: `this version of Slipway is made for ${range}`,
      hint: { text: `write a version from 1.${oldestMinor}.0` },
    });
  } else if (minor > newestMinor) {
    report.warning("config/unknown-kubernetes", path, {
      message: `Kubernetes ${version} is newer than this version of Slipway`,
      because: `it is made for ${range}; what changed since is not known to it`,
      hint: { text: `write a version of 1.${newestMinor}, or use a newer Slipway` },
    });
  }
};
