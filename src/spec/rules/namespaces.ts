import { quantityNumber } from "../../domain/quantity.ts";
import type { Sections } from "../schema/cluster-file-schema.ts";
import { suggest } from "../suggest.ts";
import type { FieldPath } from "../yaml/path-locator.ts";
import type { Rule, RuleReport } from "./rule.ts";

type Namespace = Sections["namespaces"][number];

/** Set by Kubernetes, or by Slipway from other fields. */
const ownedLabel =
  /^(?:pod-security\.kubernetes\.io\/|kubernetes\.io\/metadata\.name$|app\.kubernetes\.io\/managed-by$|slipway\.dev\/)/;

/** https://kubernetes.io/docs/concepts/policy/resource-quotas/ (2026-11-21) */
const computeResources = ["cpu", "memory", "ephemeral-storage"];
const countedResources = [
  "configmaps",
  "persistentvolumeclaims",
  "pods",
  "replicationcontrollers",
  "resourcequotas",
  "secrets",
  "services",
  "services.loadbalancers",
  "services.nodeports",
];
const quotaResources = [
  ...computeResources,
  ...computeResources.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  "requests.storage",
  ...countedResources,
];

/** Names of namespaces are their own and free, and their limits can be kept. */
export const namespaceLimits: Rule = ({ namespaces }, report) => {
  const firsts = new Map<string, number>();
  for (const [index, namespace] of (namespaces ?? []).entries()) {
    const path = ["spec", "namespaces", index];
    checkName(report, namespace.name, firsts, path);
    if (!firsts.has(namespace.name)) firsts.set(namespace.name, index);
    checkLabels(report, namespace, path);
    for (const [name, amount] of Object.entries(namespace.quota)) {
      checkResource(report, name, String(amount), quotaResources, [...path, "quota", name]);
    }
    checkLimits(report, namespace, path);
  }
};

function checkName(report: RuleReport, name: string, firsts: ReadonlyMap<string, number>, path: FieldPath): void {
  const first = firsts.get(name);
  if (first !== undefined) {
    report.error("config/duplicate-namespace", [...path, "name"], {
      message: `namespace ${name} is there twice`,
      because: `the first one is on ${report.placeOf(["spec", "namespaces", first, "name"])}`,
      hint: { text: "put both together" },
    });
  }
  if (name.startsWith("kube-")) {
    report.error("config/reserved-namespace", [...path, "name"], {
      message: `namespace ${name} is not the cluster file's to declare`,
      because: "names that start with kube- are Kubernetes' own; limits or policies there can stop the cluster",
      hint: { text: "remove it, or choose another name" },
    });
  }
}

function checkLabels(report: RuleReport, { name, labels }: Namespace, path: FieldPath): void {
  for (const key of Object.keys(labels)) {
    if (!ownedLabel.test(key)) continue;
    const isPodSecurity = key.startsWith("pod-security.");
    report.error("config/reserved-label", [...path, "labels", key], {
      message: `namespace ${name} sets a label that is not its own`,
      because: isPodSecurity
        ? `${key} comes from podSecurity (${report.placeOf([...path, "podSecurity"])})`
        : `${key} is set by Kubernetes or Slipway`,
      hint: { text: isPodSecurity ? "remove it, and use podSecurity" : "remove it" },
    });
  }
}

function checkLimits(report: RuleReport, { limits }: Namespace, path: FieldPath): void {
  if (limits === undefined) return;
  for (const field of ["default", "defaultRequest", "max"] as const) {
    for (const [name, amount] of Object.entries(limits[field] ?? {})) {
      checkResource(report, name, String(amount), computeResources, [...path, "limits", field, name]);
    }
  }
  // In this order: a request is at most the limit, and a limit at most the maximum.
  for (const [lower, upper] of [
    ["defaultRequest", "default"],
    ["default", "max"],
    ["defaultRequest", "max"],
  ] as const) {
    for (const [name, amount] of Object.entries(limits[lower])) {
      const most = limits[upper]?.[name];
      const [low, high] = [quantityNumber(String(amount)), quantityNumber(String(most ?? ""))];
      if (low === undefined || high === undefined || low <= high) continue;
      report.error("config/settings-out-of-order", [...path, "limits", lower, name], {
        message: `the ${lower} of ${name} is more than its ${upper}`,
        because: `found ${amount}; ${upper} (${report.placeOf([...path, "limits", upper, name])}) is ${most ?? ""}`,
        hint: { text: `write at most ${most ?? ""}` },
      });
    }
  }
}

/** Extended resources ("example.com/gpu"), counts of kinds and storage classes have names nobody can list. */
function checkResource(
  report: RuleReport,
  name: string,
  amount: string,
  known: readonly string[],
  path: FieldPath,
): void {
  const isOpen = name.includes("/") || /^(?:requests\.)?hugepages-/.test(name) || /^requests\..*\//.test(name);
  if (!known.includes(name) && !isOpen) {
    const near = suggest(name, known);
    report.error("config/unknown-resource", path, {
      message: `${name} is not a resource`,
      because: `wanted ${known.slice(0, 6).join(", ")} and others, or a name with a domain such as example.com/gpu`,
      hint: { text: near === undefined ? "write one of these" : `did you mean ${near}` },
    });
    return;
  }
  const isCount = countedResources.includes(name) || name.startsWith("count/");
  const isBytes = /(?:memory|storage)$/.test(name) && !name.includes("/");
  const isWrong = isCount
    ? !/^[0-9]+$/.test(amount)
    : isBytes
      ? amount.endsWith("m")
      : /(?:^|\.)cpu$/.test(name) && /i$/.test(amount);
  if (!isWrong) return;
  report.error("config/bad-quantity", path, {
    message: `${name} has an amount that is none`,
    because: `found ${amount}; ${isCount ? "it is a number of objects" : isBytes ? "it is counted in bytes" : "CPU is counted in cores, or thousandths of one: m"}`,
    hint: { text: `write it like ${isCount ? "50" : isBytes ? "16Gi" : "500m"}` },
  });
}
