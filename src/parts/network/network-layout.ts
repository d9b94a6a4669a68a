import type { StepId } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";

/** Phase of `--through`. */
export const networkPhase = "network";

/** The CNI configuration of the bridge network; the first of its folder wins, and containerd reads it when it changes. */
export const bridgeConflistPath = "/etc/cni/net.d/10-slipway-bridge.conflist";
/** Routes to the pods of other nodes, as a batch file of ip. */
export const podRoutesPath = "/etc/slipway/pod-routes";
/** What hides the pods' addresses from the world outside, as a script of nft. */
export const podMasqueradePath = "/etc/slipway/pod-masquerade.nft";
/** Puts both into place when the host starts. */
export const podNetworkUnit = "slipway-pod-network.service";
export const podNetworkUnitPath = `/etc/systemd/system/${podNetworkUnit}`;
/** Keeps systemd-networkd from removing routes it did not make. */
export const networkdDropInPath = "/etc/systemd/networkd.conf.d/50-slipway.conf";

/** The plugin is the one the cluster lives with. */
export const networkKindStepId = "network.kind" as StepId;
/** kube-proxy. */
export const networkProxyStepId = "network.proxy" as StepId;
/** Every node has its share of the pods' addresses. */
export const networkPodRangesStepId = "network.pod-ranges" as StepId;
/** This node has its share of them. */
export function networkPodRangeStepId(host: HostName): StepId {
  return `network.pod-range/${host}` as StepId;
}
/** Kinds of objects the network plugin brings. */
export const networkDefinitionsStepId = "network.definitions" as StepId;
/** Flannel, Calico or Cilium. */
export const networkPluginStepId = "network.plugin" as StepId;

/** Who Calico speaks BGP with. */
export const networkPeersStepId = "network.peers" as StepId;

/**
 * "network.bridge/w-1": the plugin's configuration; "network.routes/w-1": the way to the pods of other nodes;
 * "network.chart/cp-1": Helm and the chart a plugin comes in.
 */
export function networkStepId(kind: "bridge" | "routes" | "chart", host: HostName): StepId {
  return `network.${kind}/${host}` as StepId;
}
