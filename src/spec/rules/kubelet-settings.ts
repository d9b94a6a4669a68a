import { quantityNumber } from "../../domain/quantity.ts";
import type { Sections } from "../schema/cluster-file-schema.ts";
import type { FieldPath } from "../yaml/path-locator.ts";
import type { Rule, RuleReport } from "./rule.ts";

type Kubelet = Sections["kubernetes"]["kubelet"];

/** Fields of KubeletConfiguration that a field of the file sets; "" where nothing else may. */
const owned: Readonly<Record<string, string>> = {
  apiVersion: "",
  authentication: "",
  authorization: "",
  cgroupDriver: "spec.runtime.cgroupDriver",
  clusterDNS: "spec.addons.dns.nodeLocal",
  clusterDomain: "spec.network.dnsDomain",
  containerLogMaxFiles: "containerLogMaxFiles",
  containerLogMaxSize: "containerLogMaxSize",
  containerRuntimeEndpoint: "",
  evictionHard: "evictionHard",
  failCgroupV1: "",
  healthzBindAddress: "",
  healthzPort: "",
  imageGCHighThresholdPercent: "imageGCHighThresholdPercent",
  imageGCLowThresholdPercent: "imageGCLowThresholdPercent",
  kind: "",
  kubeReserved: "kubeReserved",
  maxParallelImagePulls: "maxParallelImagePulls",
  maxPods: "maxPods",
  podPidsLimit: "podPidsLimit",
  readOnlyPort: "",
  rotateCertificates: "",
  serializeImagePulls: "maxParallelImagePulls",
  serverTLSBootstrap: "",
  shutdownGracePeriod: "shutdownGracePeriodSeconds",
  shutdownGracePeriodCriticalPods: "shutdownGracePeriodCriticalPodsSeconds",
  staticPodPath: "",
  systemReserved: "systemReserved",
};

/** Defaults two settings are compared by when only one is in the file: those of parts/nodes/kubelet-settings.ts. */
const defaults = { high: 80, low: 70, shutdown: 30 } as const;

/** Units that make no sense of a resource: a CPU has no bytes, and memory no thousandths. */
const unitOf: Readonly<Record<string, RegExp>> = {
  cpu: /^[0-9.]+m?$/,
  memory: /^[0-9.]+(?:[kMGT]|[KMGT]i)?$/,
  "ephemeral-storage": /^[0-9.]+(?:[kMGT]|[KMGT]i)?$/,
};
const examples: Readonly<Record<string, string>> = { cpu: "500m", memory: "1Gi", "ephemeral-storage": "5Gi" };

/** More than this kept of one host for itself is more likely a wrong unit. */
const plausible: Readonly<Record<string, readonly [most: number, text: string]>> = {
  cpu: [16, "16 CPUs"],
  memory: [64 * 2 ** 30, "64 GiB"],
  "ephemeral-storage": [1024 * 2 ** 30, "1 TiB"],
};

/** Settings of kubelets make sense, alone and beside each other. */
export const kubeletSettings: Rule = ({ kubernetes, pools, network }, report) => {
  const all: Kubelet = kubernetes?.kubelet ?? {};
  if (kubernetes !== undefined) checkOne(report, "spec.kubernetes.kubelet", all, {}, ["spec", "kubernetes", "kubelet"]);
  for (const [index, pool] of (pools ?? []).entries()) {
    checkOne(report, `the kubelet of pool ${pool.name}`, pool.kubelet, all, ["spec", "pools", index, "kubelet"]);
  }
  if (network === undefined) return;
  const own = [
    { kubelet: all, path: ["spec", "kubernetes", "kubelet", "maxPods"], what: "spec.kubernetes.kubelet.maxPods" },
    ...(pools ?? []).map((pool, index) => ({
      kubelet: pool.kubelet,
      path: ["spec", "pools", index, "kubelet", "maxPods"],
      what: `maxPods of pool ${pool.name}`,
    })),
  ];
  for (const { kubelet, path, what } of own) {
    if (kubelet.maxPods === undefined || kubelet.maxPods <= network.maxPodsPerNode) continue;
    report.error("config/too-many-pods", path, {
      message: `${what} is more than a node has addresses for`,
      because: `found ${kubelet.maxPods}; spec.network.maxPodsPerNode (${report.placeOf(["spec", "network", "maxPodsPerNode"])}) is ${network.maxPodsPerNode}, and the nodes' shares of podCIDR are sized for that`,
      hint: { text: `write at most ${network.maxPodsPerNode}, or raise spec.network.maxPodsPerNode` },
    });
  }
};

function checkOne(report: RuleReport, subject: string, own: Kubelet, all: Kubelet, path: FieldPath): void {
  checkOrder(report, subject, own, all, path);
  for (const field of ["kubeReserved", "systemReserved"] as const) checkReserved(report, own, field, path);
  checkThresholds(report, own, path);
  for (const name of Object.keys(own.extraConfig ?? {})) {
    const field = Object.hasOwn(owned, name) ? owned[name] : undefined;
    if (field === undefined) continue;
    report.error("config/owned-setting", [...path, "extraConfig", name], {
      message: `${subject} cannot set ${name} in extraConfig`,
      because: field === "" ? "Slipway and kubeadm set it" : `${field} sets it`,
      hint: { text: field === "" ? "remove it" : `remove it, and use ${field}` },
    });
  }
}

function checkOrder(report: RuleReport, subject: string, own: Kubelet, all: Kubelet, path: FieldPath): void {
  const high = own.imageGCHighThresholdPercent ?? all.imageGCHighThresholdPercent ?? defaults.high;
  const low = own.imageGCLowThresholdPercent ?? all.imageGCLowThresholdPercent ?? defaults.low;
  const isCollectionOwn = own.imageGCHighThresholdPercent !== undefined || own.imageGCLowThresholdPercent !== undefined;
  if (isCollectionOwn && low >= high) {
    const field =
      own.imageGCLowThresholdPercent === undefined ? "imageGCHighThresholdPercent" : "imageGCLowThresholdPercent";
    report.error("config/settings-out-of-order", [...path, field], {
      message: `${subject} would never stop to remove images`,
      because: `they are removed from ${high} % of the disk in use down to ${low} %`,
      hint: { text: "write a low threshold below the high one" },
    });
  }
  const shutdown = own.shutdownGracePeriodSeconds ?? all.shutdownGracePeriodSeconds ?? defaults.shutdown;
  const critical = own.shutdownGracePeriodCriticalPodsSeconds ?? all.shutdownGracePeriodCriticalPodsSeconds;
  const isShutdownOwn =
    own.shutdownGracePeriodSeconds !== undefined || own.shutdownGracePeriodCriticalPodsSeconds !== undefined;
  if (isShutdownOwn && critical !== undefined && critical > shutdown) {
    const field =
      own.shutdownGracePeriodCriticalPodsSeconds === undefined
        ? "shutdownGracePeriodSeconds"
        : "shutdownGracePeriodCriticalPodsSeconds";
    report.error("config/settings-out-of-order", [...path, field], {
      message: `${subject} gives critical pods more time than there is`,
      because: `a shutdown takes ${shutdown} s in all, and ${critical} s of them are for critical pods`,
      hint: { text: `write at most ${shutdown}, or a longer shutdownGracePeriodSeconds` },
    });
  }
}

function checkReserved(
  report: RuleReport,
  kubelet: Kubelet,
  field: "kubeReserved" | "systemReserved",
  path: FieldPath,
): void {
  const reserved = kubelet[field];
  if (reserved === undefined || reserved === "auto") return;
  for (const [resource, amount] of Object.entries(reserved)) {
    if (amount === undefined) continue;
    const at = [...path, field, resource];
    if (unitOf[resource]?.test(amount) === false) {
      report.error("config/bad-quantity", at, {
        message: `${field} has an amount of ${resource} that is none`,
        because: `found ${amount}; ${resource === "cpu" ? "CPU is counted in cores, or thousandths of one: m" : `${resource} is counted in bytes`}`,
        hint: { text: `write it like ${examples[resource] ?? "1"}` },
      });
      continue;
    }
    const [most, text] = plausible[resource] ?? [Number.POSITIVE_INFINITY, ""];
    if ((quantityNumber(amount) ?? 0) <= most) continue;
    report.warning("config/implausible-reservation", at, {
      message: `${field} keeps a great deal of ${resource} from pods`,
      because: `found ${amount}; on every host, more than ${text} are seldom meant`,
      hint: { text: `write it like ${examples[resource] ?? "1"}, or leave it out to have it by the size of the host` },
    });
  }
}

function checkThresholds(report: RuleReport, kubelet: Kubelet, path: FieldPath): void {
  for (const [signal, amount] of Object.entries(kubelet.evictionHard ?? {})) {
    if (amount === undefined || !amount.endsWith("m")) continue;
    report.error("config/bad-quantity", [...path, "evictionHard", signal], {
      message: `evictionHard has an amount of ${signal} that is none`,
      because: `found ${amount}; thousandths of bytes, inodes and process ids there are none`,
      hint: { text: "write it like 500Mi, or as a percentage like 10%" },
    });
  }
}
