import type { HostLook, HostStep, LockName, Step, StepId } from "../../engine/step.ts";
import { interfaces } from "../../facts/interfaces.ts";
import { osRelease } from "../../facts/os-release.ts";
import { together } from "../../facts/together.ts";
import type { HostName } from "../../hosts/port.ts";
import type { Inspection } from "../../resources/inspection.ts";
import { packages } from "../../resources/package.ts";
import type { Resource } from "../../resources/resource.ts";
import { hostStateStep } from "../../resources/resource-group.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { lookedUpStateStep } from "../looked-up-state.ts";
import { distributionOf } from "../os/distribution.ts";
import { osBaselineStepId } from "../os/os-steps.ts";
import { hostsWith } from "./haproxy-config.ts";
import { vrrpPasswordName } from "./layout.ts";
import { haproxyResources, keepalivedResources } from "./load-balancer-resources.ts";
import { virtualIpInterface } from "./network-interface.ts";
import { virtualIpStep } from "./virtual-ip-step.ts";
import { vrrpPasswordStep, vrrpPasswordStepId } from "./vrrp-password-step.ts";

/** Held while a load balancer is changed, so that never two are at once. */
export const loadBalancerLock = "load-balancer-rollout" as LockName;

export function loadBalancerInstallStepId(host: HostName): StepId {
  return `load-balancer.install/${host}` as StepId;
}

/** What follows on a load balancer that works comes after this. */
export function loadBalancerConfigureStepId(host: HostName): StepId {
  return `load-balancer.configure/${host}` as StepId;
}

/**
 * HAProxy on every load-balancer host, and Keepalived where there is a virtual IP. Packages are installed everywhere at
 * once; configuration is changed on one host after the other. Nothing where the endpoint is somebody else's.
 */
export function loadBalancerSteps(spec: ClusterSpec): Step[] {
  const hosts = hostsWith(spec, "load-balancer");
  const { endpoint } = spec;
  if (endpoint.kind === "external" || hosts.length === 0) return [];
  const installed = hosts.map((host) => installStep(spec, host));
  if (endpoint.kind === "host") return [...installed, ...hosts.map((host) => configureStep(spec, host))];
  return [
    vrrpPasswordStep(),
    ...installed,
    ...hosts.map((host) => configureStep(spec, host)),
    virtualIpStep(
      endpoint,
      hosts,
      hosts.map((host) => loadBalancerConfigureStepId(host.name)),
    ),
  ];
}

function installStep(spec: ClusterSpec, host: HostSpec): HostStep<Inspection> {
  return hostStateStep({
    id: loadBalancerInstallStepId(host.name),
    title: `Install the load balancer on ${host.name}`,
    phase: "load-balancer",
    on: host.name,
    after: [osBaselineStepId(host.name)],
    needs: osRelease,
    resources: (os) => {
      const distribution = distributionOf(os);
      const { haproxy, keepalived } = distribution.packages;
      const wanted = spec.endpoint.kind === "virtual-ip" ? [haproxy, keepalived] : [haproxy];
      return [packages(wanted, distribution.packageManager)];
    },
  });
}

const needs = together({ os: osRelease, interfaces });

function configureStep(spec: ClusterSpec, host: HostSpec): HostStep<Inspection> {
  const { endpoint } = spec;
  const hasVirtualIp = endpoint.kind === "virtual-ip";
  return lookedUpStateStep(
    {
      id: loadBalancerConfigureStepId(host.name),
      title: `Configure the load balancer on ${host.name}`,
      phase: "load-balancer",
      on: host.name,
      after: [loadBalancerInstallStepId(host.name), ...(hasVirtualIp ? [vrrpPasswordStepId] : [])],
      locks: [loadBalancerLock],
      impact: "restarts-component",
    },
    async (at: HostLook): Promise<readonly Resource[]> => {
      const [found, password] = await Promise.all([at.fact(needs), at.vault.read(vrrpPasswordName)]);
      const distribution = distributionOf(found.os);
      const haproxy = haproxyResources(spec, distribution);
      if (endpoint.kind !== "virtual-ip") return haproxy;
      const network = virtualIpInterface(endpoint, host, found.interfaces);
      return [...haproxy, ...keepalivedResources(spec, endpoint, host, network, password, distribution)];
    },
  );
}

/** Steps after which the endpoint leads to the API servers there are; none where it is somebody else's. */
export function loadBalancerStepIds(spec: ClusterSpec): readonly StepId[] {
  return loadBalancerSteps(spec).map((step) => step.id);
}
