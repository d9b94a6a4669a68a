import { z } from "zod";
import { networkPluginSchema } from "./network-plugin-schema.ts";
import { wholeNumber } from "./numbers.ts";
import { textOf } from "./value-kind.ts";
import { valueKinds } from "./value-kinds.ts";

/** `spec.network`. */
export const networkSchema = z
  .strictObject({
    podCIDR: textOf(valueKinds.cidr)
      .describe("Range pods get addresses from. Default: 10.244.0.0/16, or fd00:10:244::/48 for IPv6 hosts.")
      .optional(),
    serviceCIDR: textOf(valueKinds.cidr, "10.96.0.0/12")
      .describe(
        "Range Services get addresses from; at most 20 host bits (kube-apiserver's limit: /12 for IPv4, /108 for IPv6). Default: 10.96.0.0/12, or fd00:10:96::/112 for IPv6 hosts.",
      )
      .optional(),
    nodePrefix: wholeNumber(1, 128)
      .describe(
        "Prefix length of each node's share of podCIDR. Default: 24 for IPv4, 64 for IPv6 (kube-controller-manager's).",
      )
      .optional(),
    dnsDomain: textOf(valueKinds.dnsDomain).describe("DNS domain of Services and pods.").default("cluster.local"),
    maxPodsPerNode: wholeNumber(1, 1000)
      .describe("Most pods on a node; kubelet's default, and the limit Kubernetes is tested with, is 110.")
      .default(110),
    plugin: networkPluginSchema.prefault({}),
  })
  .describe(
    "Address ranges inside the cluster; they must not overlap each other or the hosts; and the network plugin.",
  );
