import type { StepId } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";

/** The step after which a node has the programs and images of Kubernetes. */
export function artifactsStepId(host: HostName): StepId {
  return `artifacts.place/${host}` as StepId;
}

/** Programs of every release have a folder of their own, so that going back is a matter of links. */
export function releaseFolder(name: string, version: string): string {
  return `${releasesFolder(name)}/${version}`;
}

/** Where all releases of a project are. */
export function releasesFolder(name: string): string {
  return `/opt/slipway/${name}`;
}

/** Where programs are found by their names. */
export const programFolder = "/usr/local/bin";
/** Where containerd and kubelet look for network plugins. */
export const networkPluginFolder = "/opt/cni/bin";
/** Files on their way into containerd; empty when a step has ended well. */
export const imageFolder = "/var/cache/slipway/images";
/** The distribution's packages as they came in a bundle. */
export const packageFolder = "/opt/slipway/packages";

/** What kubelet is started by; it is restarted when one of them changed. */
export const kubeletUnitFiles = [
  "/etc/systemd/system/kubelet.service",
  "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf",
] as const;
