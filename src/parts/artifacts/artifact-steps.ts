import { type Architecture, architectureOf } from "../../artifacts/architecture.ts";
import type { ArtifactSource } from "../../artifacts/artifact-source.ts";
import { componentVersions } from "../../artifacts/component-versions.ts";
import { fileNames, kubernetesPrograms } from "../../artifacts/file-names.ts";
import { neededArtifacts } from "../../artifacts/needed-artifacts.ts";
import { networkPluginValues } from "../../artifacts/network-plugin-chart.ts";
import { sourceOf } from "../../artifacts/source-of.ts";
import type { Step, StepId } from "../../engine/step.ts";
import { kernel } from "../../facts/kernel.ts";
import { osRelease } from "../../facts/os-release.ts";
import { together } from "../../facts/together.ts";
import type { HostName } from "../../hosts/port.ts";
import { remembered } from "../../resources/remembered.ts";
import type { Resource } from "../../resources/resource.ts";
import { hostStateStep } from "../../resources/resource-group.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { nodeHosts } from "../../spec/hosts-by-role.ts";
import { containerdStepId } from "../containerd/containerd-layout.ts";
import { distributionOf } from "../os/distribution.ts";
import {
  artifactsStepId,
  kubeletUnitFiles,
  networkPluginFolder,
  programFolder,
  releaseFolder,
} from "./artifacts-layout.ts";
import { enabledUnit } from "./enabled-unit.ts";
import { kubeletUnit } from "./kubelet-unit.ts";
import { kubernetesPackages } from "./kubernetes-packages.ts";
import { networkPlugins } from "./network-plugins.ts";
import { placedImages } from "./placed-images.ts";
import { placedRelease } from "./placed-release.ts";

const needs = together({ os: osRelease, kernel });

/**
 * One step for each node: the programs of Kubernetes, the network plugins, and the images where they come from us.
 * `shortOnes` are steps of a host that others wait for: they do not stand in line behind half a gigabyte.
 */
export function artifactSteps(
  spec: ClusterSpec,
  source: ArtifactSource = sourceOf(spec),
  shortOnes: (host: HostName) => readonly StepId[] = () => [],
): Step[] {
  const resourcesOf = remembered<readonly Resource[]>();
  return nodeHosts(spec).map((host) =>
    hostStateStep({
      id: artifactsStepId(host.name),
      title: `Place Kubernetes ${spec.kubernetes.version} on ${host.name}`,
      phase: "artifacts",
      on: host.name,
      after: [containerdStepId(host.name), ...shortOnes(host.name)],
      // A slow link and half a gigabyte.
      withinMs: 60 * 60_000,
      needs,
      resources: ({ os, kernel: { architecture: machine } }) => {
        const architecture = architectureOf(machine);
        const distribution = distributionOf(os);
        const role = host.roles.includes("control-plane") ? "control-plane" : "worker";
        return resourcesOf(`${distribution.name} ${architecture} ${role}`, () => [
          ...(spec.kubernetes.install === "packages"
            ? kubernetesPackages(spec, distribution)
            : programs(spec, source, architecture)),
          ...images(spec, source, host, architecture),
        ]);
      },
    }),
  );
}

function programs(spec: ClusterSpec, source: ArtifactSource, architecture: Architecture): readonly Resource[] {
  const { version } = spec.kubernetes;
  const plugins = componentVersions(version).cniPlugins;
  const origins = kubernetesPrograms.map((name) => [
    name,
    source.file(fileNames.kubernetes(version, architecture, name)),
  ]);
  return [
    placedRelease({
      title: `kubernetes ${version}`,
      folder: releaseFolder("kubernetes", `v${version}`),
      contents: { kind: "programs", programs: Object.fromEntries(origins) },
      links: Object.fromEntries(kubernetesPrograms.map((name) => [`${programFolder}/${name}`, name])),
    }),
    placedRelease({
      title: `cni-plugins ${plugins}`,
      folder: releaseFolder("cni-plugins", plugins),
      contents: { kind: "archive", origin: source.file(fileNames.cniPlugins(plugins, architecture)), strip: 0 },
      links: Object.fromEntries(
        [...networkPlugins.needed, ...networkPlugins.others].map((name) => [`${networkPluginFolder}/${name}`, name]),
      ),
      optional: networkPlugins.others,
    }),
    ...kubeletUnit(),
    enabledUnit("kubelet.service", kubeletUnitFiles),
  ];
}

function images(
  spec: ClusterSpec,
  source: ArtifactSource,
  host: HostSpec,
  architecture: Architecture,
): readonly Resource[] {
  const values = networkPluginValues(spec, (name) => source.chart(name));
  const { images: refs } = neededArtifacts(spec, { host, architecture }, values);
  const origins = refs.flatMap((ref) => source.image(ref, architecture) ?? []);
  return origins.length === 0 ? [] : [placedImages(origins)];
}
