import type { KubernetesSpec } from "../../src/spec/kubernetes-spec.ts";

/** `spec.kubernetes` as a file that names only the version resolves. */
export const sampleKubernetes: KubernetesSpec = {
  version: "1.36.2",
  install: "binaries",
  imageRepository: "registry.k8s.io",
  apiServer: {
    extraArgs: {},
    extraSans: [],
    maxRequestsInflight: 3000,
    maxMutatingRequestsInflight: 1500,
    requestTimeoutSeconds: 60,
    eventTtlMinutes: 60,
    admissionPlugins: ["NodeRestriction"],
    audit: { enabled: true, maxAgeDays: 7, maxBackups: 10, maxSizeMegabytes: 100 },
    encryption: { provider: "secretbox", resources: ["secrets"] },
    oidc: [],
  },
  controllerManager: { extraArgs: {} },
  scheduler: { extraArgs: {} },
  kubelet: {},
  proxy: { mode: "auto" },
  certificateValidityDays: 365,
};
