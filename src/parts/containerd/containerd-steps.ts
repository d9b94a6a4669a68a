import { type Architecture, architectureOf } from "../../artifacts/architecture.ts";
import type { ArtifactSource } from "../../artifacts/artifact-source.ts";
import { sourceOf } from "../../artifacts/source-of.ts";
import type { Step } from "../../engine/step.ts";
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
import { hostStateStep } from "../../resources/resource-group.ts";
import { service } from "../../resources/service.ts";
import type { ClusterSpec, RuntimeSpec } from "../../spec/cluster-spec.ts";
import { managedHeader } from "../managed-header.ts";
import { type Distribution, distributionOf } from "../os/distribution.ts";
import { kindOf } from "../os/kernel-settings.ts";
import { osBaselineStepId } from "../os/os-steps.ts";
import { containerdSocket, type RuntimeHost } from "./containerd-config.ts";
import { containerdConfigFile, containerdConfigPath, releasedConfigFile } from "./containerd-config-file.ts";
import { containerdStepId } from "./containerd-layout.ts";
import { type ContainerdRelease, containerdRelease, containerdUnitPath, withoutRelease } from "./containerd-release.ts";
import { registryMirrors } from "./registry-mirrors.ts";

const always = together({ os: osRelease, cgroup: cgroupVersion, may: capabilities });
/** A release is made for an architecture; a package is chosen by the host. */
const forRelease = together({ os: osRelease, cgroup: cgroupVersion, may: capabilities, kernel });

interface Needs {
  readonly os: OsRelease;
  readonly cgroup: 1 | 2;
  readonly may: Capabilities;
  readonly kernel?: Kernel;
}

/** One step per host that runs pods: package, configuration, registries and the service. */
export function containerdSteps(spec: ClusterSpec, source: ArtifactSource = sourceOf(spec)): Step[] {
  const resourcesOf = remembered<readonly Resource[]>();
  const needs: Fact<Needs> = spec.runtime.source.from === "release" ? forRelease : always;
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
      resources: ({ os, cgroup, may, kernel: found }) => {
        const distribution = distributionOf(os);
        const at = runtimeHost(spec.runtime, cgroup, may.raisesLimits);
        const architecture = found === undefined ? undefined : architectureOf(found.architecture);
        return resourcesOf(JSON.stringify([distribution.name, at, architecture]), () => {
          const release = architecture === undefined ? undefined : releaseOf(spec.runtime, source, architecture);
          return containerdResources(spec.runtime, at, distribution, release);
        });
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

/** Undefined: containerd comes as a package. */
function releaseOf(
  runtime: RuntimeSpec,
  source: ArtifactSource,
  architecture: Architecture,
): ContainerdRelease | undefined {
  return runtime.source.from === "release"
    ? containerdRelease(runtime.source.version, source, architecture)
    : undefined;
}

/** In the order they are made; the programs come first because they decide what their configuration looks like. */
function containerdResources(
  runtime: RuntimeSpec,
  host: RuntimeHost,
  distribution: Distribution,
  released: ContainerdRelease | undefined,
): readonly Resource[] {
  const { package: name, version } = runtime;
  const configured = [...registryMirrors(runtime.mirrors), file({ path: "/etc/crictl.yaml", content: crictlConfig })];
  if (released !== undefined) {
    return [
      // What starts containers is the distribution's in any case.
      packages(["runc"], distribution.packageManager),
      ...released.resources,
      releasedConfigFile(runtime, host, released.version),
      ...configured,
      service({
        unit: "containerd.service",
        loads: [containerdConfigPath, released.notePath],
        unitFiles: [containerdUnitPath],
        restartsWith: [released.key],
      }),
    ];
  }
  const containerd = packages([version === undefined ? name : { name, version }], distribution.packageManager);
  const stamp = distribution.packageStamp?.(name);
  return [
    withoutRelease,
    containerd,
    containerdConfigFile(runtime, host, distribution.packageManager, containerd.key),
    ...configured,
    service({
      unit: "containerd.service",
      // The package's stamp: a process that is older runs the binary of the version before.
      loads: [containerdConfigPath, ...(stamp === undefined ? [] : [stamp])],
      restartsWith: [containerd.key, withoutRelease.key],
    }),
  ];
}

const crictlConfig = `${managedHeader("where crictl finds containerd")}runtime-endpoint: unix://${containerdSocket}
image-endpoint: unix://${containerdSocket}
timeout: 10
`;
