import type { EtcdClusterStatus, EtcdMemberStatus } from "../../cluster/etcd-status.ts";
import type { HostName } from "../../hosts/port.ts";
import type { Problem } from "../../problems/problem.ts";

/** Learners that have never started and are in the way of another one: etcd allows one at a time. */
export interface LeftoverLearners {
  /** Those that surely hold nothing: their own host's step adds them again. */
  readonly removable: readonly EtcdMemberStatus[];
  /** Why one of them must not be removed here. */
  readonly problem?: Problem;
}

/**
 * What an interrupted run has left in the way of adding `host`. Removable is only a learner at the address of a host of
 * the cluster file that says itself that it has no data and runs no etcd. Those of hosts before `host` are not looked
 * at: their own steps come first and start them.
 */
export function leftoverLearners(status: EtcdClusterStatus, host: HostName): LeftoverLearners {
  const order = status.hosts.map((view) => view.host);
  const isEarlier = (one: EtcdMemberStatus) => one.host !== undefined && order.indexOf(one.host) < order.indexOf(host);
  const inTheWay = status.members.filter((one) => one.learner && !one.started && one.host !== host && !isEarlier(one));
  const kept = inTheWay.map((one) => ({ one, because: whyKept(one, status) }));
  const removable = kept.flatMap(({ one, because }) => (because === undefined ? [one] : []));
  const [stuck] = kept.flatMap(({ one, because }) => (because === undefined ? [] : [{ one, because }]));
  return stuck === undefined ? { removable } : { removable, problem: learnerInTheWay(host, stuck.one, stuck.because) };
}

function whyKept(one: EtcdMemberStatus, status: EtcdClusterStatus): string | undefined {
  const view = status.hosts.find((each) => each.host === one.host);
  if (view === undefined) return "it is on no host of the cluster file";
  if (view.unreachable !== undefined) return `${view.host} cannot be asked: ${view.unreachable.message}`;
  if (view.data !== "absent") return `${view.host} has etcd data`;
  return /^(absent|inactive|failed)\b/.test(view.unit) ? undefined : `etcd on ${view.host} is ${view.unit}`;
}

function learnerInTheWay(host: HostName, learner: EtcdMemberStatus, because: string): Problem {
  return {
    code: "etcd/learner-in-the-way",
    severity: "error",
    message: `etcd member ${host} cannot be added beside the learner ${learner.id} at ${learner.peerUrls.join(", ")}`,
    because: `etcd allows one learner at a time, that one has never started, and ${because}`,
    hint: {
      text: "Start that learner, or remove it if nobody is setting it up, and apply again",
      command: `etcdctl member remove ${learner.id}`,
    },
    where: { host },
  };
}
