import { z } from "zod";
import { wholeNumber } from "./numbers.ts";
import { textOf } from "./value-kind.ts";
import { valueKinds } from "./value-kinds.ts";

const reservedResources = z.strictObject({
  cpu: textOf(valueKinds.resourceQuantity, "500m").describe("CPU, in cores or m.").optional(),
  memory: textOf(valueKinds.resourceQuantity, "1Gi").describe("Memory.").optional(),
  "ephemeral-storage": textOf(valueKinds.resourceQuantity, "5Gi")
    .describe("Space in kubelet's file system.")
    .optional(),
});

function reserved(what: string) {
  return z
    .union([z.literal("auto"), reservedResources])
    .describe(
      `Resources of a node kept for ${what}. auto, and each that is not named: by the size of the host. Default: auto.`,
    )
    .optional();
}

function threshold(what: string) {
  return textOf(valueKinds.evictionThreshold).describe(what).optional();
}

const evictionSchema = z
  .strictObject({
    "memory.available": threshold("Memory left."),
    "nodefs.available": threshold("Space left in kubelet's file system."),
    "nodefs.inodesFree": threshold("Inodes left in kubelet's file system."),
    "imagefs.available": threshold("Space left in containerd's file system."),
    "imagefs.inodesFree": threshold("Inodes left in containerd's file system."),
    "pid.available": threshold("Process ids left."),
  })
  .describe(
    "Pods are evicted at once below these, as quantities or percentages. Each that is not named has its default: memory.available 500Mi, nodefs.available 10%, imagefs.available 15%, nodefs.inodesFree 5%.",
  )
  .optional();

/** Refused: what is not a value of YAML's core schema, and nothing. */
function isConfigurationValue(value: unknown): boolean {
  return value !== null && (typeof value !== "number" || Number.isFinite(value));
}

/** `spec.kubernetes.kubelet` and `spec.pools[].kubelet`. Without defaults, so that a pool's own can be told. */
export const kubeletSchema = z.strictObject({
  maxPods: wholeNumber(1, 1000).describe("Most pods on a node. Default: spec.network.maxPodsPerNode.").optional(),
  kubeReserved: reserved("kubelet and containerd"),
  systemReserved: reserved("the operating system"),
  evictionHard: evictionSchema,
  podPidsLimit: wholeNumber(64, 4_194_304).describe("Most processes of a pod. Default: 4096.").optional(),
  containerLogMaxSize: textOf(valueKinds.quantity, "50Mi")
    .describe("Size at which a container's log is rotated. Default: 50Mi.")
    .optional(),
  containerLogMaxFiles: wholeNumber(2, 1000).describe("Log files kept of a container. Default: 5.").optional(),
  maxParallelImagePulls: wholeNumber(1, 1000).describe("Images pulled at the same time. Default: 5.").optional(),
  shutdownGracePeriodSeconds: wholeNumber(0, 86_400)
    .describe("Seconds a host waits for its pods when it is shut down; 0 for not at all. Default: 30.")
    .optional(),
  shutdownGracePeriodCriticalPodsSeconds: wholeNumber(0, 86_400)
    .describe("How many of these are for critical pods. Default: 10.")
    .optional(),
  imageGCHighThresholdPercent: wholeNumber(1, 100)
    .describe("Disk use at which unused images are removed. Default: 80.")
    .optional(),
  imageGCLowThresholdPercent: wholeNumber(0, 99)
    .describe("Disk use down to which they are removed. Default: 70.")
    .optional(),
  extraConfig: z
    .record(
      textOf(valueKinds.configurationField),
      z.unknown().refine(isConfigurationValue).describe("Any value the field can have."),
    )
    .describe(
      "Fields of KubeletConfiguration, as Kubernetes spells them. Those that a field of this file sets are refused here.",
    )
    .optional(),
});
