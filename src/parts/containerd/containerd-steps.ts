import type { ArtifactSource } from "../../artifacts/artifact-source.ts";
import { sourceOf } from "../../artifacts/source-of.ts";
import type { Condition, HostLook, HostStep, Step, StepId } from "../../engine/step.ts";
import { containerRuntime } from "../../facts/container-runtime.ts";
import type { Fact } from "../../facts/fact.ts";
import { loadedUnit } from "../../facts/loaded-unit.ts";
import type { HostName } from "../../hosts/port.ts";
import type { Inspection } from "../../resources/inspection.ts";
import type { Resource } from "../../resources/resource.ts";
import { hostStateStep } from "../../resources/resource-group.ts";
import { isActive } from "../../resources/service-changes.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { kindOf } from "../os/kernel-settings.ts";
import { osBaselineStepId } from "../os/os-steps.ts";
import { containerdStepId } from "./containerd-layout.ts";
import { type ContainerdNeeds, containerdResources, containerdUnit } from "./containerd-resources.ts";
import { type ContainerdRollout, containerdRollout } from "./containerd-rollout.ts";

/** The step that changes a containerd that runs. */
function containerdConfigureStepId(host: HostName): StepId {
  return `containerd.configure/${host}` as StepId;
}

type ResourcesOf = (needs: ContainerdNeeds) => readonly Resource[];

/**
 * containerd on every host that runs pods. Where it does not run yet it is set up on all hosts at once. Where it runs,
 * a change is rolled out: on one host first, and only when containerd answers there on the others, few at a time.
 */
export function containerdSteps(spec: ClusterSpec, source: ArtifactSource = sourceOf(spec)): Step[] {
  const { needs, resources } = containerdResources(spec.runtime, source);
  const hosts = spec.hosts.filter((host) => kindOf(host).kubernetes);
  const rollout = containerdRollout(hosts);
  return hosts.flatMap((host) => [installStep(host, needs, resources), configureStep(host, needs, resources, rollout)]);
}

function installStep(host: HostSpec, needs: Fact<ContainerdNeeds>, resources: ResourcesOf): HostStep<Inspection> {
  const step = hostStateStep({
    id: containerdStepId(host.name),
    title: `Set up containerd on ${host.name}`,
    phase: "runtime",
    on: host.name,
    after: [osBaselineStepId(host.name)],
    needs,
    resources,
    conditions: [servesPods(host)],
  });
  return {
    ...step,
    async check(look) {
      const [runs] = await Promise.all([containerdRuns(look), look.fact(needs)]);
      if (!runs) return await step.check(look);
      return { state: "satisfied", because: `containerd runs; ${containerdConfigureStepId(host.name)} keeps it` };
    },
  };
}

function configureStep(
  host: HostSpec,
  needs: Fact<ContainerdNeeds>,
  resources: ResourcesOf,
  rollout: ContainerdRollout,
): HostStep<Inspection> {
  const { first } = rollout;
  // Both: where containerd is stopped, the first step of the two brings the new configuration, and the second has nothing to do.
  const stepsOfFirst =
    first === undefined || first === host.name ? [] : [containerdStepId(first), containerdConfigureStepId(first)];
  const step = hostStateStep({
    id: containerdConfigureStepId(host.name),
    title: `Change containerd on ${host.name}`,
    phase: "runtime",
    on: host.name,
    after: [containerdStepId(host.name), ...stepsOfFirst],
    locks: [rollout.lockOf(host.name)],
    // containerd is restarted; its shims, and so the containers, run on.
    impact: "restarts-component",
    needs,
    resources,
    conditions: [servesPods(host)],
  });
  return {
    ...step,
    async check(look) {
      // Asked for at once, so that they cost one round trip.
      const [runs] = await Promise.all([containerdRuns(look), look.fact(needs), look.fact(containerRuntime)]);
      if (runs) return await step.check(look);
      return {
        state: "satisfied",
        because: `containerd does not run; ${containerdStepId(host.name)} starts it`,
      };
    },
  };
}

const containerdState = loadedUnit(containerdUnit);

async function containerdRuns(look: HostLook): Promise<boolean> {
  const unit = await look.fact(containerdState);
  return unit !== "no-systemd" && isActive(unit);
}

function servesPods(host: HostSpec): Condition<HostLook> {
  return {
    title: `containerd on ${host.name} to answer the kubelet`,
    everyMs: 500,
    withinMs: 60_000,
    async holds(look) {
      const runtime = await look.fact(containerRuntime);
      return runtime.serves ? { state: "met" } : { state: "not-yet", because: runtime.because };
    },
  };
}
