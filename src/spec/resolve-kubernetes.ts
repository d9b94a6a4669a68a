import { canonicalAddress } from "../domain/addresses.ts";
import type { NamespaceSpec } from "./cluster-spec.ts";
import type { ApiServerSpec, KubeletSpec, KubernetesSpec } from "./kubernetes-spec.ts";
import { mapValues, withoutUndefined } from "./present.ts";
import type { Sections } from "./schema/cluster-file-schema.ts";

/** `spec.kubernetes` of a file that has no problems. Values of flags come out as text. */
export function resolveKubernetes({ kubernetes }: Sections): KubernetesSpec {
  return {
    version: kubernetes.version.replace(/^v/, ""),
    install: kubernetes.install,
    imageRepository: kubernetes.imageRepository,
    apiServer: resolveApiServer(kubernetes.apiServer),
    controllerManager: { extraArgs: mapValues(kubernetes.controllerManager.extraArgs, String) },
    scheduler: { extraArgs: mapValues(kubernetes.scheduler.extraArgs, String) },
    kubelet: resolveKubelet(kubernetes.kubelet),
    proxy: kubernetes.proxy,
    certificateValidityDays: kubernetes.certificateValidityDays,
  };
}

function resolveApiServer(entry: Sections["kubernetes"]["apiServer"]): ApiServerSpec {
  const { extraSANs, eventTTLMinutes, encryption, ...rest } = entry;
  return {
    ...rest,
    extraArgs: mapValues(entry.extraArgs, String),
    // Without it a kubelet could change what is another node's.
    admissionPlugins: [...new Set(["NodeRestriction", ...entry.admissionPlugins])],
    extraSans: extraSANs.map((name) => canonicalAddress(name) ?? name),
    eventTtlMinutes: eventTTLMinutes,
    audit: withoutUndefined(entry.audit),
    encryption: resolveEncryption(encryption),
    oidc: entry.oidc.map(({ issuerURL, ...issuer }) => withoutUndefined({ issuerUrl: issuerURL, ...issuer })),
  };
}

function resolveEncryption(entry: Sections["kubernetes"]["apiServer"]["encryption"]): ApiServerSpec["encryption"] {
  const { provider, resources, name = "", endpoint = "" } = entry;
  if (provider === "none") return { provider };
  return provider === "kms" ? { provider, name, endpoint, resources } : { provider, resources };
}

function resolveKubelet(entry: Sections["kubernetes"]["kubelet"]): KubeletSpec {
  const {
    imageGCHighThresholdPercent,
    imageGCLowThresholdPercent,
    kubeReserved,
    systemReserved,
    evictionHard,
    ...rest
  } = entry;
  return withoutUndefined({
    ...rest,
    kubeReserved: typeof kubeReserved === "object" ? withoutUndefined(kubeReserved) : kubeReserved,
    systemReserved: typeof systemReserved === "object" ? withoutUndefined(systemReserved) : systemReserved,
    evictionHard: evictionHard === undefined ? undefined : withoutUndefined(evictionHard),
    imageGcHighThresholdPercent: imageGCHighThresholdPercent,
    imageGcLowThresholdPercent: imageGCLowThresholdPercent,
  });
}

/** kubelet settings of every pool there is: those of the file, and "default". */
export function resolvePools(spec: Sections): Record<string, KubeletSpec> {
  const own = spec.pools.map((pool) => [pool.name, resolveKubelet(pool.kubelet)] as const);
  return { default: {}, ...Object.fromEntries(own) };
}

/** `spec.namespaces`; amounts come out as text. */
export function resolveNamespaces({ namespaces }: Sections): NamespaceSpec[] {
  return namespaces.map(({ limits, quota, ...rest }) => ({
    ...rest,
    quota: mapValues(quota, String),
    ...(limits === undefined
      ? {}
      : {
          limits: {
            default: mapValues(limits.default, String),
            defaultRequest: mapValues(limits.defaultRequest, String),
            ...(limits.max === undefined ? {} : { max: mapValues(limits.max, String) }),
          },
        }),
  }));
}
