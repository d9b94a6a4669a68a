import type { LoadedUnit } from "../facts/loaded-unit.ts";
import type { ClusterSpec, HostSpec } from "../spec/cluster-spec.ts";
import { isNode } from "../spec/hosts-by-role.ts";
import type { ServiceState, ServiceStatus } from "./cluster-status.ts";

/** A service a host should run, by the names its unit has on the supported systems. */
export interface ExpectedService {
  readonly name: string;
  readonly units: readonly string[];
  /** It comes with Kubernetes: not to be missed before that is installed. */
  readonly comesLater?: boolean;
}

/** The services the roles of a host need. */
export function expectedServices(spec: ClusterSpec, host: HostSpec): readonly ExpectedService[] {
  const services: ExpectedService[] = [{ name: "chrony", units: ["chrony.service", "chronyd.service"] }];
  if (host.roles.includes("load-balancer")) services.push({ name: "haproxy", units: ["haproxy.service"] });
  if (host.roles.includes("load-balancer") && spec.endpoint.kind === "virtual-ip") {
    services.push({ name: "keepalived", units: ["keepalived.service"] });
  }
  if (host.roles.includes("etcd") && spec.etcd.topology === "external") {
    services.push({ name: "etcd", units: ["etcd.service"] });
  }
  if (isNode(host)) {
    services.push({ name: "containerd", units: ["containerd.service"] });
    services.push({ name: "kubelet", units: ["kubelet.service"], comesLater: true });
  }
  return services;
}

/** The state of a service by what systemd says of its units, in the order they are named. */
export function serviceStatus(
  service: ExpectedService,
  units: readonly (LoadedUnit | "no-systemd" | undefined)[],
): ServiceStatus {
  const known = units.filter((unit) => unit !== undefined && unit !== "no-systemd");
  if (known.length === 0) return { name: service.name, state: "unknown", because: "systemd does not run the host" };
  // Of two names for one service the one that exists counts, an active one before all.
  const unit = known.find((one) => one.active === "active") ?? known.find((one) => one.load !== "not-found");
  if (unit === undefined) return { name: service.name, state: "not-installed", because: "there is no such unit" };
  return { name: service.name, state: stateOf(unit), because: `${unit.active} (${unit.sub})` };
}

function stateOf(unit: LoadedUnit): ServiceState {
  switch (unit.active) {
    case "active":
    case "reloading":
      return "running";
    case "activating":
      // systemd tries again and again what fails again and again.
      return unit.sub === "auto-restart" ? "failed" : "starting";
    case "failed":
      return "failed";
    default:
      return "stopped";
  }
}
