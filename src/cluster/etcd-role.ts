import type { EtcdMemberStatus } from "./etcd-status.ts";

/** "leader", "learner" or "follower"; undefined for a voting member that does not answer: what it is now nobody knows. */
export function etcdRole(member: EtcdMemberStatus): string | undefined {
  if (member.leader) return "leader";
  if (member.learner) return "learner";
  return member.status === undefined ? undefined : "follower";
}
