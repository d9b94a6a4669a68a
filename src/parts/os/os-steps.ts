import type { Step, StepId } from "../../engine/step.ts";
import { capabilities } from "../../facts/capabilities.ts";
import { osRelease } from "../../facts/os-release.ts";
import { together } from "../../facts/together.ts";
import type { HostName } from "../../hosts/port.ts";
import { remembered } from "../../resources/remembered.ts";
import type { Resource } from "../../resources/resource.ts";
import { hostStateStep } from "../../resources/resource-group.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { distributionOf } from "./distribution.ts";
import { kindOf } from "./kernel-settings.ts";
import { osResources } from "./os-resources.ts";

/** The step that makes a host's baseline; whatever is built on the host comes after it. */
export function osBaselineStepId(host: HostName): StepId {
  return `os.baseline/${host}` as StepId;
}

const needs = together({ os: osRelease, may: capabilities });

/** One step per host: package source, time, tools, swap, modules, kernel settings and limits. */
export function osSteps(spec: ClusterSpec): Step[] {
  const resourcesOf = remembered<readonly Resource[]>();
  return spec.hosts.map((host) => {
    const kind = kindOf(host);
    return hostStateStep({
      id: osBaselineStepId(host.name),
      title: `Set up the operating system of ${host.name}`,
      phase: "baseline",
      on: host.name,
      after: [],
      needs,
      resources: ({ os, may }) => {
        const distribution = distributionOf(os);
        return resourcesOf(JSON.stringify([kind, distribution.name, may]), () =>
          osResources(spec, kind, distribution, may),
        );
      },
    });
  });
}
