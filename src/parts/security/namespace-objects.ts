import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { ClusterSpec, NamespaceSpec } from "../../spec/cluster-spec.ts";
import { nodeLocalDnsAddress } from "../../spec/dns-addresses.ts";

/** https://kubernetes.io/docs/concepts/security/pod-security-admission/ (2026-11-21) */
const podSecurity = "pod-security.kubernetes.io";

/** A namespace and everything that belongs to it: labels, quota, limits, policies. */
export function namespaceObjects(spec: ClusterSpec, declared: NamespaceSpec): readonly KubeObject[] {
  const { name, quota, limits, defaultDeny } = declared;
  return [
    namespaceObject(declared),
    ...(Object.keys(quota).length === 0 ? [] : [named("v1", "ResourceQuota", "quota", name, { hard: quota })]),
    ...(limits === undefined
      ? []
      : [named("v1", "LimitRange", "limits", name, { limits: [{ type: "Container", ...limits }] })]),
    ...(defaultDeny ? [denyAll(name), allowDns(spec, name)] : []),
  ];
}

/** What the level would refuse if it were restricted is warned about and recorded, so that the next step is known. */
function namespaceObject({ name, labels, podSecurity: level }: NamespaceSpec): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      labels: {
        ...labels,
        [`${podSecurity}/enforce`]: level,
        [`${podSecurity}/enforce-version`]: "latest",
        ...(level === "privileged"
          ? {}
          : { [`${podSecurity}/warn`]: "restricted", [`${podSecurity}/audit`]: "restricted" }),
      },
    },
  };
}

function denyAll(namespace: string): KubeObject {
  return named("networking.k8s.io/v1", "NetworkPolicy", "default-deny", namespace, {
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
  });
}

/**
 * To the cluster's DNS and, where there is one, to the cache on the node: policies see one or the other. Cilium sees neither
 * there, but the host: `ciliumDnsSteps`.
 */
function allowDns(spec: ClusterSpec, namespace: string): KubeObject {
  const ports = [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ];
  const address = nodeLocalDnsAddress(spec);
  const cache = { ipBlock: { cidr: `${address}/${address.includes(":") ? 128 : 32}` } };
  const dns = {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
    podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
  };
  return named("networking.k8s.io/v1", "NetworkPolicy", "allow-dns", namespace, {
    podSelector: {},
    policyTypes: ["Egress"],
    egress: [{ to: spec.addons.dns.nodeLocal ? [dns, cache] : [dns], ports }],
  });
}

function named(apiVersion: string, kind: string, name: string, namespace: string, spec: object): KubeObject {
  return { apiVersion, kind, metadata: { name: `slipway-${name}`, namespace }, spec };
}
