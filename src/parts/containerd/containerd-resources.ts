import { architectureOf } from "../../artifacts/architecture.ts";
import type { ArtifactSource } from "../../artifacts/artifact-source.ts";
import { type Capabilities, capabilities } from "../../facts/capabilities.ts";
import { cgroupVersion } from "../../facts/cgroup-version.ts";
import type { Fact } from "../../facts/fact.ts";
import { type Kernel, kernel } from "../../facts/kernel.ts";
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
import { containerdConfigFile, containerdConfigPath, releasedConfigFile } from "./containerd-config-file.ts";
import { type ContainerdRelease, containerdRelease, containerdUnitPath, withoutRelease } from "./containerd-release.ts";
import { registryMirrors } from "./registry-mirrors.ts";

export const containerdUnit = "containerd.service";

/** What has to be known of a host before it can be said what of containerd belongs on it. */
export interface ContainerdNeeds {
  readonly os: OsRelease;
  readonly cgroup: 1 | 2;
  readonly may: Capabilities;
  /** A release is made for an architecture; a package is chosen by the host. */
  readonly kernel?: Kernel;
}

const always = together({ os: osRelease, cgroup: cgroupVersion, may: capabilities });
const forRelease = together({ os: osRelease, cgroup: cgroupVersion, may: capabilities, kernel });

/** Programs, configuration, registries and service of containerd on a host; rendered once per kind of host. */
export function containerdResources(
  runtime: RuntimeSpec,
  source: ArtifactSource,
): {
  readonly needs: Fact<ContainerdNeeds>;
  readonly resources: (needs: ContainerdNeeds) => readonly Resource[];
} {
  const resourcesOf = remembered<readonly Resource[]>();
  return {
    needs: runtime.source.from === "release" ? forRelease : always,
    resources: ({ os, cgroup, may, kernel: found }) => {
      const distribution = distributionOf(os);
      const at = runtimeHost(runtime, cgroup, may.raisesLimits);
      const architecture = found === undefined ? undefined : architectureOf(found.architecture);
      return resourcesOf(JSON.stringify([distribution.name, at, architecture]), () =>
        runtime.source.from === "release" && architecture !== undefined
          ? releasedOn(runtime, at, distribution, containerdRelease(runtime.source.version, source, architecture))
          : packagedOn(runtime, at, distribution),
      );
    },
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

/** In the order they are made; the programs come first because they decide what their configuration looks like. */
function packagedOn(runtime: RuntimeSpec, host: RuntimeHost, distribution: Distribution): readonly Resource[] {
  const { package: name, version } = runtime;
  const containerd = packages([version === undefined ? name : { name, version }], distribution.packageManager);
  const stamp = distribution.packageStamp?.(name);
  return [
    ...withoutRelease,
    containerd,
    ...containerdConfigFile(runtime, host, distribution.packageManager, containerd.key),
    ...besides(runtime),
    service({
      unit: containerdUnit,
      // The package's stamp: a process that is older runs the binary of the version before.
      loads: [containerdConfigPath, ...(stamp === undefined ? [] : [stamp])],
      restartsWith: [containerd.key, ...withoutRelease.map((one) => one.key)],
    }),
  ];
}

function releasedOn(
  runtime: RuntimeSpec,
  host: RuntimeHost,
  distribution: Distribution,
  release: ContainerdRelease,
): readonly Resource[] {
  return [
    // What starts containers is the distribution's in any case.
    packages(["runc"], distribution.packageManager),
    ...release.resources,
    ...releasedConfigFile(runtime, host, release.version),
    ...besides(runtime),
    service({
      unit: containerdUnit,
      loads: [containerdConfigPath, release.notePath],
      unitFiles: [containerdUnitPath],
      restartsWith: [release.key],
    }),
  ];
}

function besides(runtime: RuntimeSpec): readonly Resource[] {
  return [...registryMirrors(runtime.mirrors), file({ path: "/etc/crictl.yaml", content: crictlConfig })];
}

const crictlConfig = `${managedHeader("where crictl finds containerd")}runtime-endpoint: unix://${containerdSocket}
image-endpoint: unix://${containerdSocket}
timeout: 10
`;
