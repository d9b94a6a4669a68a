import { quorum } from "../domain/quorum.ts";
import type { Look } from "../engine/step.ts";
import { etcdData } from "../facts/etcd-data.ts";
import { type EtcdEndpointStatus, type EtcdHealth, etcdEndpointStatus, etcdHealth } from "../facts/etcd-endpoint.ts";
import { type EtcdMember, type EtcdMemberList, type EtcdSilence, etcdMembers } from "../facts/etcd-members.ts";
import { loadedUnit } from "../facts/loaded-unit.ts";
import type { HostName } from "../hosts/port.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";

/** Where the members of a cluster ought to be. */
export interface EtcdPlaces {
  readonly hosts: readonly { readonly name: HostName; readonly address: string }[];
  readonly dataDir: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

export const etcdUnit = "etcd.service";

/** What one etcd host says; each host is asked about its own member only. */
export interface EtcdHostView {
  readonly host: HostName;
  /** Set when the host could not be asked; then nothing else is known. */
  readonly unreachable?: Problem;
  readonly data: "present" | "absent" | "unknown";
  /** ActiveState and SubState of the unit: "active (running)", "inactive (dead)"; "absent" without a unit. */
  readonly unit: string;
  readonly members: EtcdMemberList | EtcdSilence;
  readonly status: EtcdEndpointStatus | EtcdSilence;
  readonly health: EtcdHealth;
}

/** A member as the cluster lists it, with what its host says of it. */
export interface EtcdMemberStatus extends EtcdMember {
  /** Absent for a member on none of the hosts of the cluster file. */
  readonly host?: HostName;
  readonly leader: boolean;
  /** It has published its client addresses, so it has run at least once. */
  readonly started: boolean;
  readonly status?: EtcdEndpointStatus;
  readonly health: EtcdHealth;
}

export interface EtcdClusterStatus {
  /** Every host of the cluster file with role etcd, in that order. */
  readonly hosts: readonly EtcdHostView[];
  /** Absent when no member answers. */
  readonly clusterId?: string;
  readonly members: readonly EtcdMemberStatus[];
  readonly leader?: EtcdMemberStatus;
  /** Voting members, and those of them that are healthy. */
  readonly voting: number;
  readonly answering: number;
  /** How many healthy voting members are needed to write; absent when no member answers. */
  readonly quorum?: number;
  /** Hosts whose member belongs to another cluster than most. */
  readonly foreign: readonly HostName[];
  /** What members complain of: "cp-1: NOSPACE". */
  readonly alarms: readonly string[];
}

/**
 * The state of an etcd cluster, from what each host says of its own member: two round trips, all hosts at once. A host
 * that cannot be reached counts as not answering.
 */
export async function readEtcdStatus(look: Pick<Look, "factOf">, places: EtcdPlaces): Promise<EtcdClusterStatus> {
  const hosts = await Promise.all(places.hosts.map((host) => viewOf(look, places, host.name)));
  return assemble(hosts, places);
}

async function viewOf(look: Pick<Look, "factOf">, places: EtcdPlaces, host: HostName): Promise<EtcdHostView> {
  try {
    const [data, unit] = await Promise.all([
      look.factOf(host, etcdData(places.dataDir)),
      look.factOf(host, loadedUnit(etcdUnit)),
    ]);
    const state = unit === "no-systemd" || unit.load === "not-found" ? "absent" : `${unit.active} (${unit.sub})`;
    // systemd calls it active once it is ready; before that every question would cost its whole time limit.
    if (!/^(active|reloading) /.test(state)) return { host, data, unit: state, ...silent(`etcd.service is ${state}`) };
    const [members, status, health] = await Promise.all([
      look.factOf(host, etcdMembers(places.clientPort)),
      look.factOf(host, etcdEndpointStatus(places.clientPort)),
      look.factOf(host, etcdHealth(places.clientPort)),
    ]);
    return { host, data, unit: state, members, status, health };
  } catch (cause) {
    if (!(cause instanceof ProblemError) || !cause.problem.code.startsWith("ssh/")) throw cause;
    return {
      host,
      unreachable: cause.problem,
      data: "unknown",
      unit: "unknown",
      ...silent(cause.problem.message),
    };
  }
}

function silent(because: string): Pick<EtcdHostView, "members" | "status" | "health"> {
  const silence = { answers: false, because } as const;
  return { members: silence, status: silence, health: { healthy: false, because } };
}

function assemble(hosts: readonly EtcdHostView[], places: EtcdPlaces): EtcdClusterStatus {
  const clusterId = commonCluster(hosts);
  const ours = hosts.filter((view) => view.status.answers && view.status.clusterId === clusterId);
  const foreign = hosts.filter((view) => view.status.answers && view.status.clusterId !== clusterId);
  const listed = newestList(ours);
  const leaderId = leaderOf(ours);
  const members = (listed?.members ?? []).map((member) => {
    const view = ours.find((one) => one.status.answers && one.status.memberId === member.id);
    const host = view?.host ?? hostAt(member, places);
    const there = hosts.find((one) => one.host === host);
    return {
      ...member,
      ...(host === undefined ? {} : { host }),
      leader: member.id === leaderId,
      started: member.clientUrls.length > 0,
      ...(view?.status.answers === true ? { status: view.status } : {}),
      health: view?.health ?? there?.health ?? { healthy: false, because: "it is on no host of the cluster file" },
    } satisfies EtcdMemberStatus;
  });
  const voters = members.filter((member) => !member.learner);
  const leader = members.find((member) => member.leader);
  return {
    hosts,
    ...(listed === undefined ? {} : { clusterId: listed.clusterId, quorum: quorum(voters.length) }),
    members,
    ...(leader === undefined ? {} : { leader }),
    voting: voters.length,
    answering: voters.filter((member) => member.status !== undefined && member.health.healthy).length,
    foreign: foreign.map((view) => view.host),
    alarms: members.flatMap((member) => member.status?.errors.map((error) => `${member.name}: ${error}`) ?? []),
  };
}

/** The cluster most hosts are in; with as many in each, that of the first host. */
function commonCluster(hosts: readonly EtcdHostView[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { status } of hosts) {
    if (status.answers) counts.set(status.clusterId, (counts.get(status.clusterId) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  return most?.[0];
}

/** A member that lags behind lists the members of the past. */
function newestList(hosts: readonly EtcdHostView[]): EtcdMemberList | undefined {
  const applied = (view: EtcdHostView) => (view.status.answers ? view.status.raftAppliedIndex : 0);
  const lists = [...hosts].sort((one, other) => applied(other) - applied(one)).map((view) => view.members);
  return lists.find((list) => list.answers);
}

/** The leader that is named with the highest term. */
function leaderOf(hosts: readonly EtcdHostView[]): string | undefined {
  const statuses = hosts.flatMap(({ status }) => (status.answers && status.leaderId !== "0" ? [status] : []));
  return statuses.sort((one, other) => other.raftTerm - one.raftTerm)[0]?.leaderId;
}

function hostAt(member: EtcdMember, places: EtcdPlaces): HostName | undefined {
  return places.hosts.find((host) => member.peerUrls.includes(etcdUrl(host.address, places.peerPort)))?.name;
}

/** "https://10.0.0.11:2380". */
export function etcdUrl(address: string, port: number): string {
  return `https://${address.includes(":") ? `[${address}]` : address}:${port}`;
}
