import { homedir } from "node:os";
import { resolve as absolute, dirname, isAbsolute, join } from "node:path";
import { canonicalAddress } from "../domain/addresses.ts";
import { pauseVersion } from "../domain/pause-version.ts";
import type { HostName } from "../hosts/port.ts";
import type { ClusterSpec, EndpointSpec, EtcdSpec, HostSpec, RuntimeSpec, SshSpec } from "./cluster-spec.ts";
import { addressPlan, clusterFamily, etcdTopology, sizeInBytes } from "./derived-values.ts";
import { resolvePlugin } from "./network-plugin.ts";
import { mapValues, withoutUndefined } from "./present.ts";
import { resolveKubernetes, resolveNamespaces, resolvePools } from "./resolve-kubernetes.ts";
import type { ClusterFile, HostEntry, Sections } from "./schema/cluster-file-schema.ts";

/**
 * The spec of a file that has no problems. `fileName` is where relative paths in it start. Addresses and ranges come
 * out in their one spelling, so that equal clusters give equal specs.
 */
export function resolve(file: ClusterFile, fileName: string): ClusterSpec {
  const { spec } = file;
  const { podCIDR, serviceCIDR, nodePrefix } = addressPlan(spec.network, clusterFamily(spec.hosts));
  const { bundle, kubernetesBaseURL, filesBaseURL, packageMirror } = spec.artifacts;
  const { source, ...runtime } = spec.runtime;
  const kubernetes = resolveKubernetes(spec);
  return {
    name: file.metadata.name,
    kubernetes,
    pools: resolvePools(spec),
    addons: spec.addons,
    namespaces: resolveNamespaces(spec),
    teams: spec.teams,
    hosts: resolveHosts(spec, fileName),
    endpoint: resolveEndpoint(spec),
    etcd: resolveEtcd(spec),
    network: {
      podCidr: podCIDR,
      serviceCidr: serviceCIDR,
      nodePrefix,
      dnsDomain: spec.network.dnsDomain,
      maxPodsPerNode: spec.network.maxPodsPerNode,
      plugin: resolvePlugin(spec.network.plugin),
    },
    runtime: withoutUndefined({
      ...runtime,
      pauseImage: runtime.pauseImage ?? `${kubernetes.imageRepository}/pause:${pauseVersion(kubernetes.version)}`,
      source: resolveRuntimeSource(source),
      mirrors: mapValues(spec.runtime.mirrors, (mirrors) => mirrors.map(withoutUndefined)),
    }),
    os: { ...spec.os, sysctls: mapValues(spec.os.sysctls, String) },
    loadBalancer: spec.loadBalancer,
    artifacts: {
      ...(bundle === undefined ? {} : { bundle: bundlePath(bundle, fileName) }),
      kubernetesBaseUrl: kubernetesBaseURL.replace(/\/+$/, ""),
      filesBaseUrl: filesBaseURL.replace(/\/+$/, ""),
      ...(packageMirror === undefined ? {} : { packageMirror: withoutUndefined(packageMirror) }),
    },
    preflight: spec.preflight,
    ssh: { maxConnections: spec.ssh.maxConnections, keepAliveSeconds: spec.ssh.keepAliveSeconds },
  };
}

function resolveHosts(spec: Sections, fileName: string): HostSpec[] {
  const pools = new Map(spec.pools.map((pool) => [pool.name, pool]));
  return spec.hosts.map((host) => {
    const pool = host.roles.includes("worker") ? pools.get(host.pool ?? "default") : undefined;
    const taints = new Map(
      [...(pool?.taints ?? []), ...host.taints].map((taint) => [`${taint.key}:${taint.effect}`, taint]),
    );
    return {
      name: host.name as HostName,
      address: canonicalAddress(host.address) ?? host.address,
      roles: host.roles,
      ssh: resolveSsh(host, spec.ssh, fileName),
      pool: host.pool ?? "default",
      ...(host.zone === undefined ? {} : { zone: host.zone }),
      labels: { ...pool?.labels, ...host.labels },
      taints: [...taints.values()],
    };
  });
}

function resolveSsh(host: HostEntry, defaults: Sections["ssh"], fileName: string): SshSpec {
  const user = host.ssh.user ?? defaults.user;
  const identityFile = host.ssh.identityFile ?? defaults.identityFile;
  return withoutUndefined({
    host: host.ssh.host ?? canonicalAddress(host.address) ?? host.address,
    port: host.ssh.port ?? defaults.port,
    user,
    identityFile: identityFile === undefined ? undefined : localPath(identityFile, fileName),
    proxyJump: host.ssh.proxyJump ?? defaults.proxyJump,
    sudo: host.ssh.sudo ?? defaults.sudo ?? (user === undefined || user === "root" ? "none" : "passwordless"),
  });
}

/** ~/ is left to OpenSSH, which knows whose home is meant. */
function localPath(path: string, fileName: string): string {
  return isAbsolute(path) || path.startsWith("~/") ? path : join(dirname(fileName), path);
}

/** Slipway opens it itself, so it is absolute, and ~/ is the home of whoever runs it. */
function bundlePath(path: string, fileName: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : absolute(dirname(fileName), path);
}

function resolveRuntimeSource({ from, version, sha256 }: Sections["runtime"]["source"]): RuntimeSpec["source"] {
  return from === "release" && version !== undefined
    ? withoutUndefined({ from, version, sha256 })
    : { from: "package" };
}

function resolveEndpoint({ endpoint, hosts }: Sections): EndpointSpec {
  const { name, port, virtualIP, external } = endpoint;
  const named = name === undefined ? {} : { name };
  if (virtualIP !== undefined) {
    const address = canonicalAddress(virtualIP.address) ?? virtualIP.address;
    return { kind: "virtual-ip", ...named, ...withoutUndefined(virtualIP), address, port };
  }
  if (external !== undefined) {
    const address = external.address === undefined ? undefined : canonicalAddress(external.address);
    return { kind: "external", name: name ?? address ?? "", ...(address === undefined ? {} : { address }), port };
  }
  const only =
    hosts.find((host) => host.roles.includes("load-balancer")) ??
    hosts.find((host) => host.roles.includes("control-plane"));
  return { kind: "host", ...named, address: canonicalAddress(only?.address ?? "") ?? "", port };
}

function resolveEtcd({ etcd, hosts }: Sections): EtcdSpec {
  const { from, version, sha256 } = etcd.source;
  const { walDir, replacing, ...rest } = etcd;
  return {
    ...rest,
    topology: etcdTopology(etcd, hosts),
    ...(walDir === undefined ? {} : { walDir }),
    quotaBackendBytes: sizeInBytes(etcd.quotaBackendBytes),
    source:
      from === "release" && version !== undefined
        ? { from, version, ...(sha256 === undefined ? {} : { sha256 }) }
        : { from: "distribution" },
    ...(replacing === undefined ? {} : { replacing: replacing as HostName }),
  };
}
