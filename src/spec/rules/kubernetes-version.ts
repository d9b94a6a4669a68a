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
  const isNewer = major === 1 && minor > newestMinor;
  if (major === 1 && minor >= oldestMinor && !isNewer) return;
  report.error("config/unsupported-kubernetes", path, {
    message: isNewer
      ? `Kubernetes ${version} is newer than this version of Slipway`
      : `Kubernetes ${version} is not supported`,
    because: `this version of Slipway is made for ${range}, whose images it knows`,
    hint: { text: `write a version of 1.${newestMinor}${isNewer ? ", or use a newer Slipway" : ""}` },
  });
};
