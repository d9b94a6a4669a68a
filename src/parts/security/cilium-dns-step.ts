import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { Step } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { objectsStep } from "../kubernetes-objects/objects-step.ts";
import { networkPluginStepId } from "../network/network-layout.ts";
import { ciliumDnsStepId, namespacesStepId } from "./security-layout.ts";

const kind = { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy" };

/**
 * With Cilium, what default-deny needs to let pods ask the DNS cache of their node. The cache's address is the node's own,
 * and to Cilium that is the host, which no range of addresses in a NetworkPolicy stands for
 * (https://github.com/cilium/cilium/issues/18644, https://docs.cilium.io/en/stable/security/policy/layer3/#entities-based,
 * 2026-11-21). No step with other plugins.
 */
export function ciliumDnsSteps(spec: ClusterSpec): Step[] {
  if (spec.network.plugin.kind !== "cilium") return [];
  const denied = spec.addons.dns.nodeLocal ? spec.namespaces.filter((one) => one.defaultDeny) : [];
  return [
    objectsStep(spec, {
      id: ciliumDnsStepId,
      title: "Let pods of closed namespaces ask their node's DNS cache",
      phase: "security",
      after: [namespacesStepId, networkPluginStepId],
      // Cilium brings the kind of these objects.
      until: networkPluginStepId,
      part: "cilium-dns",
      objects: denied.map(({ name }) => allowNodeDns(name)),
      otherKinds: [kind],
    }),
  ];
}

function allowNodeDns(namespace: string): KubeObject {
  const ports = ["UDP", "TCP"].map((protocol) => ({ port: "53", protocol }));
  return {
    ...kind,
    metadata: { name: "slipway-allow-node-dns", namespace },
    spec: { endpointSelector: {}, egress: [{ toEntities: ["host"], toPorts: [{ ports }] }] },
  };
}
