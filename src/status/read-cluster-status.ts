import { etcdPlaces } from "../cluster/etcd-places.ts";
import { readEtcdStatus } from "../cluster/etcd-status.ts";
import { readKubeStatus } from "../cluster/kube/kube-status.ts";
import { FactReader } from "../engine/fact-reader.ts";
import type { HostName, Hosts } from "../hosts/port.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../spec/cluster-spec.ts";
import type { CertificateStatus, ClusterStatus, EntryPointStatus } from "./cluster-status.ts";
import { type HostReport, hostStatus } from "./host-status.ts";
import { judgeCluster } from "./judge-cluster.ts";

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Asks all hosts what they are doing, in one round trip each and one more where etcd or an API server
 * runs, and judges it. Hosts that
 * cannot be reached, or whose answers are not understood, are listed with the reason. Throws when it is aborted.
 */
export async function readClusterStatus(
  spec: ClusterSpec,
  hosts: Hosts,
  { now, signal = new AbortController().signal }: { readonly now: Date; readonly signal?: AbortSignal },
): Promise<ClusterStatus> {
  const reader = new FactReader(hosts, signal);
  const isExternal = spec.etcd.topology === "external";
  // Asked in the same turn as the hosts, so that both are one round trip.
  const [reports, etcd, kubernetes] = await Promise.all([
    Promise.all(spec.hosts.map((host) => reportOf(reader, spec, host))),
    isExternal ? readEtcdStatus(reader, etcdPlaces(spec)) : undefined,
    readKubeStatus(reader, spec),
  ]);
  const answered = reports.flatMap((report) => ("status" in report ? [report] : []));
  const observed = {
    cluster: spec.name,
    hosts: answered.map((report) => report.status),
    unreachable: reports.flatMap((report) => ("problem" in report ? [report] : [])),
    entryPoint: entryPoint(spec, answered),
    ...(etcd === undefined ? {} : { etcd }),
    kubernetes,
    certificates: soonestOfEach(answered, now),
  };
  return { ...observed, ...judgeCluster(observed) };
}

async function reportOf(
  reader: FactReader,
  spec: ClusterSpec,
  host: HostSpec,
): Promise<HostReport | { readonly host: HostName; readonly problem: Problem }> {
  try {
    return await hostStatus(reader, spec, host);
  } catch (error) {
    // Not reached, or reached and not understood: either way nothing is known of it.
    if (!(error instanceof ProblemError)) throw error;
    return { host: host.name, problem: error.problem };
  }
}

function entryPoint(spec: ClusterSpec, reports: readonly HostReport[]): EntryPointStatus {
  const { endpoint } = spec;
  return {
    kind: endpoint.kind,
    address: `${endpoint.address ?? endpoint.name ?? ""}:${endpoint.port}`,
    holders: reports.filter((report) => report.status.hasVirtualIp).map((report) => report.status.host),
    loadBalancers: reports.flatMap(({ status, haproxy }) => {
      if (haproxy === undefined) return [];
      return [{ host: status.host, ...(haproxy === "not-answering" ? {} : { servers: haproxy }) }];
    }),
  };
}

function soonestOfEach(reports: readonly HostReport[], now: Date): readonly CertificateStatus[] {
  const soonest = reports.flatMap(({ status, certificates }) => {
    const [first] = [...certificates].sort((one, other) => one.notAfter.getTime() - other.notAfter.getTime());
    if (first === undefined) return [];
    const daysLeft = Math.floor((first.notAfter.getTime() - now.getTime()) / dayMs);
    const { path, subject, notAfter } = first;
    return [{ host: status.host, path, subject, notAfter: notAfter.toISOString(), daysLeft }];
  });
  return soonest.sort((one, other) => one.daysLeft - other.daysLeft);
}
