import type { Step, StepId } from "../../engine/step.ts";
import { capabilities } from "../../facts/capabilities.ts";
import { cgroupVersion } from "../../facts/cgroup-version.ts";
import { osRelease } from "../../facts/os-release.ts";
import { together } from "../../facts/together.ts";
import type { HostName } from "../../hosts/port.ts";
import { file } from "../../resources/file.ts";
import { packages } from "../../resources/package.ts";
import { remembered } from "../../resources/remembered.ts";
import type { Resource } from "../../resources/resource.ts";
import { hostStateStep } from "../../resources/resource-group.ts";
import { service } from "../../resources/service.ts";
import type { ClusterSpec, RuntimeSpec } from "../../spec/cluster-spec.ts";
import { managedHeader } from "../managed-header.ts";
import { type Distribution, distributionOf } from "../os/distribution.ts";
import { kindOf } from "../os/kernel-settings.ts";
import { osBaselineStepId } from "../os/os-steps.ts";
import { containerdSocket, type RuntimeHost } from "./containerd-config.ts";
import { containerdConfigFile, containerdConfigPath } from "./containerd-config-file.ts";
import { registryMirrors } from "./registry-mirrors.ts";

/** The step that makes containerd run on a host. */
function containerdStepId(host: HostName): StepId {
  return `containerd.configure/${host}` as StepId;
}

const needs = together({ os: osRelease, cgroup: cgroupVersion, may: capabilities });

/** One step per host that runs pods: package, configuration, registries and the service. */
export function containerdSteps(spec: ClusterSpec): Step[] {
  const resourcesOf = remembered<readonly Resource[]>();
  const hosts = spec.hosts.filter((host) => kindOf(host).kubernetes);
  return hosts.map((host) =>
    hostStateStep({
      id: containerdStepId(host.name),
      title: `Set up containerd on ${host.name}`,
      phase: "runtime",
      on: host.name,
      after: [osBaselineStepId(host.name)],
      // containerd is restarted; its shims, and so the containers, run on.
      impact: "restarts-component",
      needs,
      resources: ({ os, cgroup, may }) => {
        const distribution = distributionOf(os);
        const at = runtimeHost(spec.runtime, cgroup, may.raisesLimits);
        return resourcesOf(JSON.stringify([distribution.name, at]), () =>
          containerdResources(spec.runtime, at, distribution),
        );
      },
    }),
  );
}

/** What "auto" means on a host. */
function runtimeHost(runtime: RuntimeSpec, cgroup: 1 | 2, raisesLimits: boolean): RuntimeHost {
  const { cgroupDriver, restrictOomScoreAdj } = runtime;
  return {
    systemdCgroup: cgroupDriver === "auto" ? cgroup === 2 : cgroupDriver === "systemd",
    restrictOomScoreAdj: restrictOomScoreAdj === "auto" ? !raisesLimits : restrictOomScoreAdj,
  };
}

/** In the order they are made; the package comes first because it decides what its configuration looks like. */
function containerdResources(runtime: RuntimeSpec, host: RuntimeHost, distribution: Distribution): readonly Resource[] {
  const { package: name, version } = runtime;
  const containerd = packages([version === undefined ? name : { name, version }], distribution.packageManager);
  const stamp = distribution.packageStamp?.(name);
  return [
    containerd,
    containerdConfigFile(runtime, host, distribution.packageManager, containerd.key),
    ...registryMirrors(runtime.mirrors),
    file({ path: "/etc/crictl.yaml", content: crictlConfig }),
    service({
      unit: "containerd.service",
      // The package's stamp: a process that is older runs the binary of the version before.
      loads: [containerdConfigPath, ...(stamp === undefined ? [] : [stamp])],
      restartsWith: [containerd.key],
    }),
  ];
}

const crictlConfig = `${managedHeader("where crictl finds containerd")}runtime-endpoint: unix://${containerdSocket}
image-endpoint: unix://${containerdSocket}
timeout: 10
`;
