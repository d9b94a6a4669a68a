import type { StepId } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";

/** The step after which containerd runs on a host. */
export function containerdStepId(host: HostName): StepId {
  return `containerd.configure/${host}` as StepId;
}
