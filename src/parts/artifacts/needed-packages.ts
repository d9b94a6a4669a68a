import type { Machine } from "../../artifacts/needed-artifacts.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { isNode } from "../../spec/hosts-by-role.ts";
import { bridgePackages } from "../network/bridge-steps.ts";
import { distributionNamed } from "../os/distribution.ts";
import { kindOf } from "../os/kernel-settings.ts";
import { packageNames } from "../os/os-resources.ts";

/** The system packages every part installs on one host, without those they depend on. */
export function neededPackages(spec: ClusterSpec, { host, distribution: name }: Machine): readonly string[] {
  const distribution = distributionNamed(name);
  const { packages } = distribution;
  const { endpoint, etcd, network, runtime } = spec;
  const kind = kindOf(host);
  const names: string[] = [...packageNames(spec, kind, distribution)];
  if (isNode(host)) {
    names.push(...(runtime.source.from === "release" ? ["runc"] : [runtime.package]));
    if (network.plugin.kind === "bridge") names.push(...bridgePackages);
  }
  if (kind.loadBalancer && endpoint.kind !== "external") {
    names.push(packages.haproxy, ...(endpoint.kind === "virtual-ip" ? [packages.keepalived] : []));
  }
  if (etcd.topology === "external" && host.roles.includes("etcd")) {
    names.push("openssl", ...(etcd.source.from === "distribution" ? (packages.etcd ?? []) : []));
  }
  return [...new Set(names)].sort();
}
