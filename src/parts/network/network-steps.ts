import type { Step, StepId } from "../../engine/step.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { nodeHosts } from "../../spec/hosts-by-role.ts";
import { bridgeSteps } from "./bridge-steps.ts";
import { keptPluginStep } from "./kept-plugin-step.ts";
import { kubeProxyStep } from "./kube-proxy-step.ts";
import { networkPluginStepId, networkProxyStepId, networkStepId } from "./network-layout.ts";
import { pluginSteps } from "./plugin-steps.ts";
import { podRangesSteps } from "./pod-ranges-step.ts";

/** What the network rests on: steps of other parts. */
export interface NetworkContext {
  /** The step after which a host is a node of the cluster. */
  readonly joined: (host: HostSpec) => StepId;
}

/** Services and pods: kube-proxy and the network plugin. */
export function networkSteps(spec: ClusterSpec, { joined }: NetworkContext): Step[] {
  const { plugin } = spec.network;
  const ofPlugin =
    plugin.kind === "bridge" ? [...podRangesSteps(spec, joined), ...bridgeSteps(spec)] : pluginSteps(spec, plugin);
  return [keptPluginStep(spec), kubeProxyStep(spec), ...ofPlugin];
}

/** Steps after which pods of any two nodes can talk, and Services lead to pods. */
export function networkStepIds(spec: ClusterSpec): readonly StepId[] {
  if (spec.network.plugin.kind !== "bridge") return [networkProxyStepId, networkPluginStepId];
  const ofHosts = nodeHosts(spec).flatMap((host) => [
    networkStepId("bridge", host.name),
    networkStepId("routes", host.name),
  ]);
  return [networkProxyStepId, ...ofHosts];
}
