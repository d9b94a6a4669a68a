import { apiServerPort, type ClusterSpec, type HostSpec } from "../spec/cluster-spec.ts";
import { runsEtcd } from "./hosts-by-duty.ts";

/** A connection one host must be able to open to another. */
export interface Conversation {
  readonly from: HostSpec;
  readonly to: HostSpec;
  readonly port: number;
  /** "etcd members talk to each other": a clause, for the finding. */
  readonly why: string;
}

/** At most so many peers are tried from one host for one reason: a check, not a scan. */
const peersPerReason = 16;

/**
 * The conversations a cluster lives by, a bounded number per host. Where many hosts talk to few (workers to the entry
 * point), each of the many tries each of the few; where few talk to many (control planes to kubelets), the many are
 * dealt out between the few.
 */
export function conversations(spec: ClusterSpec): readonly Conversation[] {
  const withRole = (role: HostSpec["roles"][number]) => spec.hosts.filter((host) => host.roles.includes(role));
  const etcd = spec.hosts.filter((host) => runsEtcd(spec, host));
  const balancers = withRole("load-balancer");
  const controlPlanes = withRole("control-plane");
  const workers = withRole("worker");
  const { clientPort, peerPort } = spec.etcd;
  return [
    ...each(etcd, etcd, peerPort, "etcd members talk to each other"),
    ...each(controlPlanes, etcd, clientPort, "the API server talks to etcd"),
    ...each(balancers, controlPlanes, apiServerPort, "the load balancer talks to the API server"),
    ...each([...controlPlanes, ...workers], balancers, spec.endpoint.port, "nodes talk to the entry point"),
    ...dealt(controlPlanes, workers, 10250, "the API server talks to kubelets"),
  ];
}

function each(
  froms: readonly HostSpec[],
  tos: readonly HostSpec[],
  port: number,
  why: string,
): readonly Conversation[] {
  return froms.flatMap((from, at) => {
    const others = tos.filter((to) => to.name !== from.name);
    return rotated(others, at)
      .slice(0, peersPerReason)
      .map((to) => ({ from, to, port, why }));
  });
}

function dealt(
  froms: readonly HostSpec[],
  tos: readonly HostSpec[],
  port: number,
  why: string,
): readonly Conversation[] {
  return froms.flatMap((from, at) =>
    tos
      .filter((to, position) => position % froms.length === at && to.name !== from.name)
      .slice(0, peersPerReason)
      .map((to) => ({ from, to, port, why })),
  );
}

/** Each host's two next ones in the order of the file, around the end: every host sends and is sent to. */
export function ring(hosts: readonly HostSpec[]): readonly { readonly from: HostSpec; readonly to: HostSpec }[] {
  return hosts.flatMap((from, at) => {
    const next = [hosts[(at + 1) % hosts.length], hosts[(at + 2) % hosts.length]];
    const others = next.filter((to) => to !== undefined && to.name !== from.name);
    return [...new Set(others)].flatMap((to) => (to === undefined ? [] : [{ from, to }]));
  });
}

function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
