import type { HostStep, Step, StepId } from "../../engine/step.ts";
import { type Interface, interfaces } from "../../facts/interfaces.ts";
import { osRelease } from "../../facts/os-release.ts";
import { file } from "../../resources/file.ts";
import type { Inspection } from "../../resources/inspection.ts";
import { packages } from "../../resources/package.ts";
import type { Resource } from "../../resources/resource.ts";
import { service } from "../../resources/service.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { nodeHosts } from "../../spec/hosts-by-role.ts";
import { lookedUpStateStep } from "../looked-up-state.ts";
import { distributionOf } from "../os/distribution.ts";
import {
  bridgeConflist,
  networkdDropIn,
  type PodRoute,
  podMasqueradeFile,
  podNetworkUnitFile,
  podRoutesFile,
} from "./bridge-files.ts";
import {
  bridgeConflistPath,
  networkdDropInPath,
  networkPhase,
  networkPodRangeStepId,
  networkPodRangesStepId,
  networkStepId,
  podMasqueradePath,
  podNetworkUnit,
  podNetworkUnitPath,
  podRoutesPath,
} from "./network-layout.ts";
import { podMasquerade } from "./pod-masquerade.ts";
import { type PodRanges, podRanges } from "./pod-ranges.ts";
import { podRoutes } from "./pod-routes.ts";

/** Package the rule of `podMasqueradeFile` is set with, on every supported distribution. */
export const bridgePackages = ["nftables"] as const;

/** The bridge network on every node: its plugin's configuration, and routes to the pods of all others and to Services. */
export function bridgeSteps(spec: ClusterSpec): Step[] {
  return nodeHosts(spec).flatMap((host) => [bridgeStep(spec, host), routesStep(spec, host)]);
}

function bridgeStep(spec: ClusterSpec, host: HostSpec): HostStep<Inspection> {
  return lookedUpStateStep(
    {
      id: networkStepId("bridge", host.name),
      title: `Configure the pod network of ${host.name}`,
      phase: networkPhase,
      on: host.name,
      after: [networkPodRangeStepId(host.name)],
    },
    async (at): Promise<readonly Resource[]> => {
      const found = await podRanges(at, spec);
      const own = found.state === "known" ? found.ranges.get(host.name) : undefined;
      const until = networkPodRangeStepId(host.name);
      if (own === undefined) return [awaited(`file ${bridgeConflistPath}`, until, found, [host])];
      return [file({ path: bridgeConflistPath, content: bridgeConflist(own) })];
    },
  );
}

function routesStep(spec: ClusterSpec, host: HostSpec): HostStep<Inspection> {
  const { podCidr } = spec.network;
  const others = nodeHosts(spec).filter((one) => one !== host);
  return lookedUpStateStep(
    {
      id: networkStepId("routes", host.name),
      title: `Lead ${host.name} to the pods of other nodes`,
      phase: networkPhase,
      on: host.name,
      after: [networkPodRangesStepId],
    },
    async (at): Promise<readonly Resource[]> => {
      const [found, os, on] = await Promise.all([podRanges(at, spec), at.fact(osRelease), at.fact(interfaces)]);
      const ranges = found.state === "known" ? found.ranges : new Map<string, string>();
      const own = ranges.get(host.name);
      const toPods = others.flatMap((other): PodRoute[] => {
        const destination = ranges.get(other.name);
        return destination === undefined ? [] : [{ destination, gateway: other.address }];
      });
      const routes = [...toPods, ...wayToServices(spec, host, on ?? [])];
      const missing = [host, ...others].filter((one) => !ranges.has(one.name));
      if (own === undefined || missing.length > 0)
        return [awaited(`file ${podRoutesPath}`, networkPodRangesStepId, found, missing)];
      return [
        packages(bridgePackages, distributionOf(os).packageManager),
        file({ path: podRoutesPath, content: podRoutesFile(routes) }),
        file({ path: podMasqueradePath, content: podMasqueradeFile(own, podCidr) }),
        file({ path: networkdDropInPath, content: networkdDropIn() }),
        file({ path: podNetworkUnitPath, content: podNetworkUnitFile() }),
        service({
          unit: podNetworkUnit,
          loads: [podRoutesPath, podMasqueradePath],
          unitFiles: [podNetworkUnitPath],
        }),
        podRoutes(routes, podCidr),
        podMasquerade(own, podCidr),
      ];
    },
  );
}

/**
 * kube-proxy leads packets for a Service elsewhere, but the kernel first wants a route for them: without a default route,
 * or with one by an interface that is not the cluster's, the host itself would reach none.
 * https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/#check-network-adapters (2026-11-21)
 */
function wayToServices(spec: ClusterSpec, host: HostSpec, on: readonly Interface[]): readonly PodRoute[] {
  const own = on.find((one) => one.addresses.some(({ address }) => address === host.address));
  if (own === undefined) return [];
  return [{ destination: spec.network.serviceCidr, device: own.name, source: host.address }];
}

function awaited(key: string, until: StepId, found: PodRanges, missing: readonly HostSpec[]): Resource {
  const because =
    found.state === "no-cluster"
      ? found.because
      : `no pod addresses are given yet to ${missing.map((host) => host.name).join(", ")}`;
  return { key, reads: [], compare: () => ({ state: "unknown", until, because }) };
}
