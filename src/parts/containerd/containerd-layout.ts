import type { StepId } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";

/** The step that makes containerd run on a host where it does not; what is built on the host comes after it. */
export function containerdStepId(host: HostName): StepId {
  return `containerd.install/${host}` as StepId;
}
