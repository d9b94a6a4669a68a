import type { FieldPath } from "../yaml/path-locator.ts";
import type { Rule, RuleReport } from "./rule.ts";

/** What kubelet and every network need: https://kubernetes.io/docs/setup/production-environment/container-runtimes/ (2026-11-21) */
const neededSysctls: Readonly<Record<string, string>> = {
  "net.ipv4.ip_forward": "1",
  "net.bridge.bridge-nf-call-iptables": "1",
  "net.bridge.bridge-nf-call-ip6tables": "1",
};

/** Settings of the operating system, the runtime and the repositories do not contradict each other. */
export const hostSoftware: Rule = ({ os, runtime, artifacts }, report) => {
  if (os !== undefined) {
    for (const [key, value] of Object.entries(os.sysctls)) {
      const needed = neededSysctls[key.replaceAll("/", ".")];
      if (needed === undefined || String(value) === needed) continue;
      report.error("config/sysctl-conflict", ["spec", "os", "sysctls", key], {
        message: `spec.os.sysctls cannot set ${key}`,
        because: `found ${value}; pods cannot reach each other without ${needed}`,
        hint: { text: "remove it; the baseline sets it" },
      });
    }
    listedTwice(os.timeServers, ["spec", "os", "timeServers"], report);
    listedTwice(os.packages, ["spec", "os", "packages"], report);
  }
  for (const [registry, mirrors] of Object.entries(runtime?.mirrors ?? {})) {
    const path = ["spec", "runtime", "mirrors", registry];
    listedTwice(
      mirrors.map((mirror) => mirror.url),
      path,
      report,
      "url",
    );
    for (const [index, mirror] of mirrors.entries()) {
      if (!mirror.skipVerify || mirror.caFile === undefined) continue;
      report.error("config/mirror-conflict", [...path, index, "skipVerify"], {
        message: `mirror ${mirror.url} has a CA that is not used`,
        because: `skipVerify is true, and caFile (${report.placeOf([...path, index, "caFile"])}) is ${mirror.caFile}`,
        hint: { text: "remove skipVerify" },
      });
    }
  }
  checkPackageMirror(artifacts?.packageMirror, report);
};

function listedTwice(values: readonly string[], path: FieldPath, report: RuleReport, field?: string): void {
  const firsts = new Map<string, number>();
  for (const [index, value] of values.entries()) {
    const first = firsts.get(value);
    if (first === undefined) {
      firsts.set(value, index);
      continue;
    }
    const rest = field === undefined ? [] : [field];
    report.error("config/listed-twice", [...path, index, ...rest], {
      message: `${value} is in the list twice`,
      because: `the first one is on ${report.placeOf([...path, first, ...rest])}`,
      hint: { text: "remove one of them" },
    });
  }
}

function checkPackageMirror(
  mirror: { readonly kind: string; readonly suite?: unknown; readonly components?: unknown } | undefined,
  report: RuleReport,
): void {
  if (mirror === undefined || mirror.kind !== "dnf") return;
  const path = ["spec", "artifacts", "packageMirror"];
  for (const field of ["suite", "components"] as const) {
    if (mirror[field] === undefined) continue;
    report.error("config/package-mirror-conflict", [...path, field], {
      message: `a dnf repository has no ${field}`,
      because: `kind (${report.placeOf([...path, "kind"])}) is dnf; ${field} is apt's`,
      hint: { text: `remove ${field}, or write kind: apt` },
    });
  }
}
