import type { Fact } from "./fact.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";
import { textOf } from "./not-understood.ts";

/** What tells one host from another; kubeadm wants each to be unique. Absent where the host has none. */
export interface HostIdentity {
  readonly machineId?: string;
  /** Of the firmware, lower case; containers and some boards have none, or share their host's. */
  readonly productUuid?: string;
}

const machineIdPath = "/etc/machine-id";
const productUuidPath = "/sys/class/dmi/id/product_uuid";

/**
 * The identifiers of a host that Kubernetes expects to be unique
 * (https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/, 2026-11).
 */
export const hostIdentity: Fact<HostIdentity> = {
  name: "host-identity",
  reads: [linesOfFiles([machineIdPath]), linesOfFiles([productUuidPath])],
  parse: (answers) => {
    const id = fileAmong("host-identity", machineIdPath, answers[0]);
    const uuid = fileAmong("host-identity", productUuidPath, answers[1]);
    const machineId = textOf("host-identity", machineIdPath, id)?.trim();
    // Firmware may refuse to be read from a container: then the host has no UUID to compare.
    const productUuid = uuid.kind === "unreadable" ? "" : textOf("host-identity", productUuidPath, uuid)?.trim();
    return {
      // systemd writes "uninitialized" into an image that was never booted.
      ...(machineId === undefined || machineId === "" || machineId === "uninitialized" ? {} : { machineId }),
      ...(productUuid === undefined || productUuid === "" ? {} : { productUuid: productUuid.toLowerCase() }),
    };
  },
};
