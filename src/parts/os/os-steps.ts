import { architectureOf } from "../../artifacts/architecture.ts";
import type { ArtifactSource } from "../../artifacts/artifact-source.ts";
import { sourceOf } from "../../artifacts/source-of.ts";
import type { Step, StepId } from "../../engine/step.ts";
import { type Capabilities, capabilities } from "../../facts/capabilities.ts";
import type { Fact } from "../../facts/fact.ts";
import { type Kernel, kernel } from "../../facts/kernel.ts";
import { type OsRelease, osRelease } from "../../facts/os-release.ts";
import { together } from "../../facts/together.ts";
import type { HostName } from "../../hosts/port.ts";
import { remembered } from "../../resources/remembered.ts";
import type { Resource } from "../../resources/resource.ts";
import { hostStateStep } from "../../resources/resource-group.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { bundledPackages } from "../package-mirror/bundled-packages.ts";
import { packageMirror } from "../package-mirror/package-mirror.ts";
import { distributionOf } from "./distribution.ts";
import { kindOf } from "./kernel-settings.ts";
import { osResources } from "./os-resources.ts";

/** The step that makes a host's baseline; whatever is built on the host comes after it. */
export function osBaselineStepId(host: HostName): StepId {
  return `os.baseline/${host}` as StepId;
}

interface Needs {
  readonly os: OsRelease;
  readonly may: Capabilities;
  readonly kernel?: Kernel;
}

const always = together({ os: osRelease, may: capabilities });
/** Packages out of a bundle are made for an architecture. */
const withBundle = together({ os: osRelease, may: capabilities, kernel });

/** One step per host: package source, time, tools, swap, modules, kernel settings and limits. */
export function osSteps(spec: ClusterSpec, source: ArtifactSource = sourceOf(spec)): Step[] {
  const resourcesOf = remembered<readonly Resource[]>();
  const needs: Fact<Needs> = spec.artifacts.bundle === undefined ? always : withBundle;
  return spec.hosts.map((host) => {
    const kind = kindOf(host);
    return hostStateStep({
      id: osBaselineStepId(host.name),
      title: `Set up the operating system of ${host.name}`,
      phase: "baseline",
      on: host.name,
      after: [],
      needs,
      resources: ({ os, may, kernel: found }) => {
        const distribution = distributionOf(os);
        const architecture = found === undefined ? undefined : architectureOf(found.architecture);
        return resourcesOf(JSON.stringify([kind, distribution.name, architecture, may]), () => {
          const origin = architecture === undefined ? undefined : source.packages(distribution.name, architecture);
          const packages =
            spec.artifacts.packageMirror === undefined && origin?.kind === "upload"
              ? bundledPackages(origin, distribution)
              : packageMirror(spec.artifacts, distribution);
          return [...packages, ...osResources(spec, kind, distribution, may)];
        });
      },
    });
  });
}
