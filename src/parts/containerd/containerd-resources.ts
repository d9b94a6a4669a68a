import { type Capabilities, capabilities } from "../../facts/capabilities.ts";
import { cgroupVersion } from "../../facts/cgroup-version.ts";
import type { Fact } from "../../facts/fact.ts";
import { type OsRelease, osRelease } from "../../facts/os-release.ts";
import { together } from "../../facts/together.ts";
import { file } from "../../resources/file.ts";
import { packages } from "../../resources/package.ts";
import { remembered } from "../../resources/remembered.ts";
import type { Resource } from "../../resources/resource.ts";
import { service } from "../../resources/service.ts";
import type { RuntimeSpec } from "../../spec/cluster-spec.ts";
import { managedHeader } from "../managed-header.ts";
import { type Distribution, distributionOf } from "../os/distribution.ts";
import { containerdSocket, type RuntimeHost } from "./containerd-config.ts";
import { containerdConfigFile, containerdConfigPath } from "./containerd-config-file.ts";
import { registryMirrors } from "./registry-mirrors.ts";

export const containerdUnit = "containerd.service";

/** What has to be known of a host before it can be said what of containerd belongs on it. */
export interface ContainerdNeeds {
  readonly os: OsRelease;
  readonly cgroup: 1 | 2;
  readonly may: Capabilities;
}

export const containerdNeeds: Fact<ContainerdNeeds> = together({
  os: osRelease,
  cgroup: cgroupVersion,
  may: capabilities,
});

/** Package, configuration, registries and service of containerd on a host; rendered once per kind of host. */
export function containerdResources(runtime: RuntimeSpec): (needs: ContainerdNeeds) => readonly Resource[] {
  const resourcesOf = remembered<readonly Resource[]>();
  return ({ os, cgroup, may }) => {
    const distribution = distributionOf(os);
    const at = runtimeHost(runtime, cgroup, may.raisesLimits);
    return resourcesOf(JSON.stringify([distribution.name, at]), () => resourcesOn(runtime, at, distribution));
  };
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
function resourcesOn(runtime: RuntimeSpec, host: RuntimeHost, distribution: Distribution): readonly Resource[] {
  const { package: name, version } = runtime;
  const containerd = packages([version === undefined ? name : { name, version }], distribution.packageManager);
  const stamp = distribution.packageStamp?.(name);
  return [
    containerd,
    ...containerdConfigFile(runtime, host, distribution.packageManager, containerd.key),
    ...registryMirrors(runtime.mirrors),
    file({ path: "/etc/crictl.yaml", content: crictlConfig }),
    service({
      unit: containerdUnit,
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
