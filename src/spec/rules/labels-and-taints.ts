import type { FieldPath } from "../yaml/path-locator.ts";
import type { Rule, RuleReport } from "./rule.ts";
import { hostPath } from "./rule.ts";

/** Set by kubelet or kubeadm from what the node is; https://kubernetes.io/docs/reference/labels-annotations-taints/ (2026-11-21) */
const ownedLabels: ReadonlySet<string> = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "node-role.kubernetes.io/control-plane",
]);

/** What Slipway notes on nodes: the pool, above all. */
const slipwayPrefix = "slipway.dev/";
const zoneLabel = "topology.kubernetes.io/zone";

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly effect: string }[];
}

/** Labels are not those Kubernetes or Slipway sets, say the same as `zone`, and no taint is there twice. */
export const labelsAndTaints: Rule = ({ placedHosts, pools }, report) => {
  for (const [index, pool] of (pools ?? []).entries()) {
    checkOne(report, `pool ${pool.name}`, pool, ["spec", "pools", index]);
  }
  for (const placed of placedHosts) {
    const { host } = placed;
    checkOne(report, `host ${host.name}`, host, hostPath(placed));
    const label = host.labels[zoneLabel];
    if (label !== undefined && host.zone !== undefined && label !== host.zone) {
      report.error("config/zone-conflict", hostPath(placed, "labels", zoneLabel), {
        message: `host ${host.name} is in two zones`,
        because: `its label ${zoneLabel} is ${label}, and zone on ${report.placeOf(hostPath(placed, "zone"))} is ${host.zone}`,
        hint: { text: "remove the label; zone sets it" },
      });
    }
  }
};

function checkOne(report: RuleReport, subject: string, labelled: Labelled, path: FieldPath): void {
  for (const key of Object.keys(labelled.labels)) {
    const isSlipways = key.startsWith(slipwayPrefix);
    if (!isSlipways && !ownedLabels.has(key)) continue;
    report.error("config/reserved-label", [...path, "labels", key], {
      message: `${subject} sets a label that ${isSlipways ? "Slipway" : "Kubernetes"} sets`,
      because: `${key} comes from ${isSlipways ? "other fields of the cluster file" : "the node itself, and would be overwritten"}`,
      hint: { text: "remove it, or use a key with a prefix of your own" },
    });
  }
  const firsts = new Map<string, number>();
  for (const [index, taint] of labelled.taints.entries()) {
    const identity = `${taint.key}:${taint.effect}`;
    const first = firsts.get(identity);
    if (first === undefined) {
      firsts.set(identity, index);
      continue;
    }
    report.error("config/duplicate-taint", [...path, "taints", index], {
      message: `${subject} has the taint ${identity} twice`,
      because: `the first one is on ${report.placeOf([...path, "taints", first])}; a node has one per key and effect`,
      hint: { text: "remove one of them" },
    });
  }
}
