import type { EtcdClusterStatus } from "../../cluster/etcd-status.ts";
import { mayStopMember, quorum } from "../../domain/quorum.ts";
import type { Problem } from "../../problems/problem.ts";
import type { HostSpec } from "../../spec/cluster-spec.ts";
import type { MemberHealth } from "./member-health.ts";

/**
 * Whether members that only have to be started, or given their certificates back, would be enough for a quorum without
 * this one. Steps before this one see to them, and apply looks again.
 */
export function mayRecover(status: EtcdClusterStatus, host: HostSpec): boolean {
  const others = status.hosts.filter((view) => view.host !== host.name && view.data === "present");
  const voting = status.voting > 0 ? status.voting : status.hosts.length;
  return others.length >= quorum(voting);
}

/** Fewer voting members answer than a quorum needs, as far as they can be asked. */
export function isWithoutQuorum(status: EtcdClusterStatus): boolean {
  return status.quorum === undefined || status.answering < status.quorum;
}

/**
 * Why nothing of this running member must be changed now; undefined when it may be. etcd reads leaf certificates anew for
 * every handshake, so that files alone can take a member away: they are written only while the others are a quorum, or
 * all answer, or there is no quorum to lose. A healthy member is not touched before those are healthy that have their files.
 */
export function changeRisk(health: MemberHealth, host: HostSpec, restarts: boolean): Problem | undefined {
  const { status, unhealthy } = health;
  if (!restarts && (isWithoutQuorum(status) || status.answering === status.voting)) return undefined;
  const isHealthy = status.hosts.some((view) => view.host === host.name && view.health.healthy);
  const ill = unhealthy.find((view) => view.host !== host.name);
  if (isHealthy && ill !== undefined) {
    return quorumAtRisk(host, `${ill.host} is not healthy with what it has: ${ill.health.because}`);
  }
  return restartRisk(status, host);
}

function restartRisk(status: EtcdClusterStatus, host: HostSpec): Problem | undefined {
  const member = status.members.find((one) => one.host === host.name);
  // A learner has no vote, and what is listed nowhere takes nothing away. Nobody can stand in for a single member.
  if (status.quorum !== undefined && (member === undefined || member.learner || status.voting === 1)) return undefined;
  if (status.quorum === undefined) {
    const silent = status.hosts.map((view) => `${view.host} ${view.unit}: ${view.health.because}`);
    return quorumAtRisk(host, `no member answers (${silent.join("; ")})`);
  }
  const answers = member?.status !== undefined && member.health.healthy;
  const permission = mayStopMember({ voting: status.voting, answering: status.answering }, answers);
  return permission.allowed ? undefined : quorumAtRisk(host, permission.because);
}

function quorumAtRisk(host: HostSpec, because: string): Problem {
  return {
    code: "etcd/quorum-at-risk",
    severity: "error",
    message: `etcd member ${host.name} cannot be changed`,
    because,
    hint: { text: "Bring the other members back first", command: "slipway etcd health" },
    where: { host: host.name },
  };
}
