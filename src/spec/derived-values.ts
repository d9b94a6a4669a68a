import type { Family } from "../domain/addresses.ts";
import { addressFamily, cidrText, parseCidr } from "../domain/addresses.ts";
import type { HostEntry, Sections } from "./schema/cluster-file-schema.ts";

/** Where etcd members run, when the file does not say: on the hosts with role etcd, or else on the control planes. */
export function etcdTopology(etcd: Sections["etcd"], hosts: readonly HostEntry[]): "external" | "stacked" {
  return etcd.topology ?? (hosts.some((host) => host.roles.includes("etcd")) ? "external" : "stacked");
}

/** The hosts that run an etcd member. */
export function runsMember(topology: "external" | "stacked", host: HostEntry): boolean {
  return host.roles.includes(topology === "external" ? "etcd" : "control-plane");
}

/** The family the cluster talks over: that of its first host. */
export function clusterFamily(hosts: readonly HostEntry[]): Family {
  return addressFamily(hosts[0]?.address ?? "") ?? 4;
}

const defaults = {
  4: { podCIDR: "10.244.0.0/16", serviceCIDR: "10.96.0.0/12", nodePrefix: 24 },
  6: { podCIDR: "fd00:10:244::/48", serviceCIDR: "fd00:10:96::/112", nodePrefix: 64 },
} as const;

/** The address ranges with the defaults of the family; ranges in canonical text. */
export function addressPlan(network: Sections["network"], family: Family) {
  const podCIDR = network.podCIDR ?? defaults[family].podCIDR;
  const pods = parseCidr(podCIDR);
  return {
    podCIDR: canonicalCidr(podCIDR),
    serviceCIDR: canonicalCidr(network.serviceCIDR ?? defaults[family].serviceCIDR),
    nodePrefix: network.nodePrefix ?? defaults[pods?.family ?? family].nodePrefix,
  };
}

function canonicalCidr(text: string): string {
  const cidr = parseCidr(text);
  return cidr === undefined ? text : cidrText(cidr);
}

/** A size of the file in bytes. */
export function sizeInBytes(size: number | string): number {
  if (typeof size === "number") return size;
  const match = /^([0-9]+)(Ki|Mi|Gi)?$/.exec(size);
  const unit = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }[match?.[2] ?? ""] ?? 1;
  return Number(match?.[1] ?? Number.NaN) * unit;
}
