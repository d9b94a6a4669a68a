import { addressAt, parseCidr } from "../domain/addresses.ts";
import type { ClusterSpec } from "./cluster-spec.ts";

/**
 * The address of the cluster's DNS Service: the tenth of the Service range, where kubeadm and its tools expect it
 * (GetDNSIP in cmd/kubeadm/app/constants/constants.go of Kubernetes 1.36.2).
 */
export function clusterDnsAddress(spec: Pick<ClusterSpec, "network">): string {
  const range = parseCidr(spec.network.serviceCidr);
  const address = range === undefined ? undefined : addressAt(range, 10);
  if (address === undefined) throw new Error(`the Service range ${spec.network.serviceCidr} has no tenth address`);
  return address;
}

/**
 * The address NodeLocal DNSCache listens on, on every node: the one its manifest suggests for IPv4, a unique local one
 * for IPv6. https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/ (2026-11-21)
 */
export function nodeLocalDnsAddress(spec: Pick<ClusterSpec, "network">): string {
  return parseCidr(spec.network.serviceCidr)?.family === 6 ? "fd00:169:254:20::10" : "169.254.20.10";
}

/** Where pods look names up first. */
export function podDnsAddress(spec: Pick<ClusterSpec, "network" | "addons">): string {
  return spec.addons.dns.nodeLocal ? nodeLocalDnsAddress(spec) : clusterDnsAddress(spec);
}
