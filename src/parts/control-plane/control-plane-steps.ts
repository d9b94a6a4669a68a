import type { Step, StepId } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import { bootstrapTokensStep } from "./bootstrap-tokens-step.ts";
import { controlPlaneAccessStep } from "./control-plane-access-step.ts";
import { controlPlaneCaStep } from "./control-plane-ca-step.ts";
import { controlPlaneConfigStep } from "./control-plane-config-step.ts";
import { controlPlaneFilesStep } from "./control-plane-files-step.ts";
import { controlPlaneInitStep } from "./control-plane-init-step.ts";
import {
  bootstrapTokensStepId,
  controlPlaneConfigStepId,
  controlPlaneInitStepId,
  controlPlaneJoinLock,
  controlPlaneStepId,
} from "./control-plane-layout.ts";
import { controlPlaneRollStep } from "./control-plane-roll-step.ts";
import { controlPlaneServingStep } from "./control-plane-serving-step.ts";
import { joinStep } from "./join-step.ts";

/** What the control plane rests on: steps of other parts. */
export interface ControlPlaneContext {
  /** Steps after which a host has its programs, its images and a container runtime. */
  readonly prepared: (host: HostName) => readonly StepId[];
  /** Steps after which the endpoint leads to the API servers there are. */
  readonly endpoint: readonly StepId[];
  /** Steps after which external etcd serves, and API servers have certificates for it. */
  readonly etcd: readonly StepId[];
}

/** The control plane: its authorities and files, the first host, the others. */
export function controlPlaneSteps(spec: ClusterSpec, context: ControlPlaneContext): Step[] {
  const hosts = controlPlaneHosts(spec);
  const [first] = hosts;
  if (first === undefined) return [];
  const joins = hosts.map((host) => controlPlaneStepId("join", host.name));
  const before = [...context.endpoint, ...context.etcd];
  return [
    controlPlaneCaStep(spec),
    ...hosts.map((host) => controlPlaneFilesStep(spec, host, context.prepared(host.name))),
    controlPlaneInitStep(spec, first, [controlPlaneStepId("files", first.name), ...before]),
    controlPlaneServingStep(spec, [controlPlaneInitStepId]),
    controlPlaneAccessStep(spec),
    controlPlaneConfigStep(spec),
    bootstrapTokensStep(spec),
    ...hosts.map((host) => joinControlPlane(spec, host)),
    // After all joins: while one of them is under way, the others have to serve it.
    ...hosts.map((host) => controlPlaneRollStep(spec, host, joins)),
  ];
}

function joinControlPlane(spec: ClusterSpec, host: HostSpec): Step {
  return joinStep(spec, host, {
    id: controlPlaneStepId("join", host.name),
    title: `Join ${host.name} to the control plane`,
    phase: "control-plane",
    after: [
      controlPlaneInitStepId,
      controlPlaneConfigStepId,
      bootstrapTokensStepId,
      controlPlaneStepId("files", host.name),
    ],
    // A stacked member is added to etcd, and two at once could cost its quorum. With external etcd nothing is shared.
    ...(spec.etcd.topology === "stacked" ? { locks: [controlPlaneJoinLock] } : {}),
  });
}
