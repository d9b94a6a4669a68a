import type { EtcdClusterStatus } from "../../cluster/etcd-status.ts";
import type { HostName } from "../../hosts/port.ts";
import type { Problem } from "../../problems/problem.ts";

/**
 * A member that ran before and has no data now. Started with an empty disk under its old identity it could take back
 * votes it has given; it has to be removed, by someone who knows the disk is gone, and then joins as a new one.
 */
export function memberDataLost(host: HostName, status: EtcdClusterStatus): Problem {
  const member = status.members.find((one) => one.host === host);
  const via = status.members.find((one) => one.host !== host && one.health.healthy);
  const numbers = `${status.answering} of ${status.voting} voting members answer, quorum is ${status.quorum ?? "unknown"}`;
  return {
    code: "etcd/member-data-lost",
    severity: "error",
    message: `etcd member ${host} has lost its data`,
    because: `the cluster knows it as ${member?.id ?? "a member that has run"}, and there is no data on ${host}; ${numbers}`,
    hint: {
      text: `If the disk is really gone, remove the member${via?.host === undefined ? "" : ` (on ${via.host})`} and apply again: it joins as a learner`,
      ...(member === undefined ? {} : { command: `etcdctl member remove ${member.id}` }),
    },
    where: { host },
  };
}
