import type { EtcdClusterStatus } from "../../cluster/etcd-status.ts";
import { mayStopMember, quorum } from "../../domain/quorum.ts";
import type { Problem } from "../../problems/problem.ts";
import type { HostSpec } from "../../spec/cluster-spec.ts";

/**
 * Whether members that only have to be started, or given their certificates back, would be enough for a quorum without
 * this one. Steps before this one see to them, and apply looks again.
 */
export function mayRecover(status: EtcdClusterStatus, host: HostSpec): boolean {
  const others = status.hosts.filter((view) => view.host !== host.name && view.data === "present");
  const voting = status.voting > 0 ? status.voting : status.hosts.length;
  return others.length >= quorum(voting);
}

/** Why this member must not be restarted now; undefined when it may be. */
export function restartRisk(status: EtcdClusterStatus, host: HostSpec): Problem | undefined {
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
    message: `etcd member ${host.name} cannot be restarted`,
    because,
    hint: { text: "Bring the other members back first", command: "slipway etcd health" },
    where: { host: host.name },
  };
}
