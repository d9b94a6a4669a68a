import { z } from "zod";
import { apiServerSchema } from "./api-server-schema.ts";
import { flagsSchema } from "./flags-schema.ts";
import { kubeletSchema } from "./kubelet-schema.ts";
import { wholeNumber } from "./numbers.ts";
import { textOf } from "./value-kind.ts";
import { valueKinds } from "./value-kinds.ts";

/** `spec.kubernetes`. */
export const kubernetesSchema = z
  .strictObject({
    version: textOf(valueKinds.kubernetesVersion).describe(
      "Kubernetes version, major.minor.patch. Never changes by itself: there is no default.",
    ),
    install: z
      .enum(["binaries", "packages"])
      .describe(
        "binaries: the release's programs in a folder per version, switched atomically, the previous one kept. packages: kubeadm, kubelet and kubectl of pkgs.k8s.io or its mirror, held.",
      )
      .default("binaries"),
    imageRepository: textOf(valueKinds.imageRepository)
      .describe("Registry, with a path if it has one, that the control plane's images come from.")
      .default("registry.k8s.io"),
    apiServer: apiServerSchema.prefault({}),
    controllerManager: z
      .strictObject({ extraArgs: flagsSchema })
      .describe("kube-controller-manager on the control planes.")
      .prefault({}),
    scheduler: z
      .strictObject({ extraArgs: flagsSchema })
      .describe("kube-scheduler on the control planes.")
      .prefault({}),
    kubelet: kubeletSchema
      .describe(
        "kubelet on every node; what a pool says in its own `kubelet` wins. Fields not here have good defaults.",
      )
      .prefault({}),
    proxy: z
      .strictObject({
        mode: z
          .enum(["auto", "nftables", "iptables", "ipvs", "none"])
          .describe(
            "How kube-proxy carries Services. auto: nftables where every node's kernel has it (5.13 and newer), else iptables; none where the network plugin replaces kube-proxy.",
          )
          .default("auto"),
      })
      .describe("kube-proxy on every node.")
      .prefault({}),
    certificateValidityDays: wholeNumber(1, 3650)
      .describe("Days the certificates kubeadm issues are valid; 365 is kubeadm's own.")
      .default(365),
  })
  .describe("Kubernetes itself.");
