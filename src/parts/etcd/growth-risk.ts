import type { EtcdClusterStatus } from "../../cluster/etcd-status.ts";
import { mayAddMember } from "../../domain/quorum.ts";
import type { HostName } from "../../hosts/port.ts";
import type { Problem } from "../../problems/problem.ts";

/** Why the cluster must not get one more vote now, by adding or promoting `host`; undefined when it may. */
export function growthRisk(status: EtcdClusterStatus, host: HostName, what: "added" | "promoted"): Problem | undefined {
  if (status.quorum === undefined) return quorumAtRisk(host, what, "no member answers");
  const permission = mayAddMember({ voting: status.voting, answering: status.answering });
  if (permission.allowed && status.leader !== undefined) return undefined;
  return quorumAtRisk(host, what, `${permission.because}${status.leader === undefined ? "; none leads" : ""}`);
}

/**
 * Whether every voting member that does not answer has its data on a host that can be asked: then the start step, which
 * comes first, sees to it, and apply looks again.
 */
export function mayAllAnswer(status: EtcdClusterStatus): boolean {
  return status.members.every((member) => {
    if (member.learner || (member.status !== undefined && member.health.healthy)) return true;
    return status.hosts.some((view) => view.host === member.host && view.data === "present");
  });
}

/** `etcd/quorum-at-risk` for a member that is not to be added, started or promoted now. */
export function quorumAtRisk(host: HostName, what: "added" | "started" | "promoted", because: string): Problem {
  return {
    code: "etcd/quorum-at-risk",
    severity: "error",
    message: `etcd member ${host} cannot be ${what}`,
    because,
    hint: { text: "Bring the other members back first", command: "slipway etcd health" },
    where: { host },
  };
}
