import { etcdPlaces } from "../../cluster/etcd-places.ts";
import {
  type EtcdClusterStatus,
  type EtcdHostView,
  type EtcdMemberStatus,
  etcdUrl,
  readEtcdStatus,
} from "../../cluster/etcd-status.ts";
import type { Change, HostAct, HostStep, StepId, Verdict } from "../../engine/step.ts";
import { etcdctl } from "../../facts/etcd-layout.ts";
import type { HostName } from "../../hosts/port.ts";
import { type Problem, ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { giveBirth } from "./etcd-birth.ts";
import { etcdBootstrap } from "./etcd-environment.ts";
import { fixedSettingChanged } from "./etcd-fixed-settings.ts";
import { etcdBootstrapStepId, etcdMembershipLock, etcdStartStepId, etcdStepId } from "./etcd-layout.ts";
import { growthRisk, mayAllAnswer, quorumAtRisk } from "./growth-risk.ts";
import { leftoverLearners } from "./leftover-learners.ts";
import { memberDataLost } from "./member-data-lost.ts";
import { waitFor } from "./wait-for.ts";

interface Found {
  /** Ids of the learners that are removed to make room, as the plan showed them. */
  readonly remove: readonly string[];
  /** It has started already and only has to be waited for. */
  readonly isUnderWay?: boolean;
}

/** A learner is promoted by etcd from 90 % of the leader's log on; a little more, so that the promotion is not refused. */
const caughtUp = 0.95;

/**
 * Adds a host to a cluster that exists, as a learner: it gets the data before it gets a vote, so a machine that cannot
 * keep up costs nothing. A member that an interrupted run has added and not started is taken up where it was left.
 */
export function etcdJoinStep(spec: ClusterSpec, host: HostSpec, after: readonly StepId[]): HostStep<Found> {
  const places = etcdPlaces(spec);
  return {
    id: etcdStepId("join", host.name),
    title: `Join ${host.name} to the etcd cluster`,
    phase: "etcd",
    on: host.name,
    after,
    locks: [etcdMembershipLock],
    impact: "changes-etcd-membership",
    async check(look) {
      const [status, moved] = await Promise.all([readEtcdStatus(look, places), fixedSettingChanged(look, spec, host)]);
      if (moved !== undefined) return { state: "refused", problem: moved };
      if (status.clusterId === undefined) {
        const exists = status.hosts.some((one) => one.data === "present");
        const until = exists ? etcdStartStepId : etcdBootstrapStepId;
        return { state: "unknown", until, because: "no etcd member answers yet" };
      }
      const { member, view } = standing(status, host.name);
      const joined = hasJoined(status, host.name);
      if (joined.state === "met") return { state: "satisfied", because: `${host.name} is member ${member?.id}` };
      if (member?.started === true && isThere(view)) {
        const change = waitFor(`etcd learner ${host.name}`, joined.because);
        return { state: "needed", found: { remove: [], isUnderWay: true }, changes: [change] };
      }
      const problem = whyNotJoin(status, host.name);
      const later = problem?.code === "etcd/quorum-at-risk" && mayAllAnswer(status);
      if (problem !== undefined && !later) return { state: "refused", problem };
      const leftovers = member === undefined ? leftoverLearners(status, host.name) : { removable: [] };
      if (leftovers.problem !== undefined) return { state: "refused", problem: leftovers.problem };
      return {
        state: "needed",
        found: { remove: leftovers.removable.map((one) => one.id) },
        changes: [changeOf(member, host.name, later), ...leftovers.removable.map(removalOf)],
      };
    },
    async apply(act, found) {
      if (found.isUnderWay === true) return;
      const before = await readEtcdStatus(act, places);
      const problem = whyNotJoin(before, host.name);
      if (problem !== undefined) throw new ProblemError(problem);
      const via = before.leader?.host ?? before.members.find((one) => one.health.healthy)?.host;
      if (via === undefined) throw new Error("whyNotJoin lets nothing through without a member that answers");
      const ownUrl = etcdUrl(host.address, spec.etcd.peerPort);
      if (standing(before, host.name).member === undefined) {
        await removeLeftovers(act, before, host.name, found.remove, via, spec.etcd.clientPort);
        const words = ["member", "add", host.name, "--learner", `--peer-urls=${ownUrl}`];
        await act.changeOn(via, { kind: "run", argv: etcdctl(spec.etcd.clientPort, words, 10) });
      }
      const listed = await readEtcdStatus(act, places);
      const members = new Map<string, string>();
      for (const one of listed.members) {
        const name = one.peerUrls.includes(ownUrl) ? host.name : one.name;
        for (const url of one.peerUrls) if (name !== "") members.set(name, url);
      }
      await giveBirth(act, host.name, etcdBootstrap({ state: "existing", members, token: spec.name }));
    },
    verify: [
      {
        title: `etcd member ${host.name} to have caught up`,
        everyMs: 1000,
        withinMs: 10 * 60_000,
        holds: async (look) => hasJoined(await readEtcdStatus(look, places), host.name),
      },
    ],
  };
}

function changeOf(member: EtcdMemberStatus | undefined, host: HostName, later: boolean): Change {
  const what = `etcd member ${host}`;
  if (member === undefined) {
    const because = later ? { because: "once every voting member answers" } : {};
    return { verb: "create", what, to: "learner", ...because };
  }
  return {
    verb: "update",
    what,
    from: "added, never started",
    to: "started",
    because: "an earlier run was interrupted",
  };
}

function removalOf(learner: EtcdMemberStatus): Change {
  const because = "an earlier run added it and never started it; its own step adds it again";
  return { verb: "delete", what: `etcd learner ${learner.id} of ${learner.host ?? "no host"}`, because };
}

/** The member a host is listed as, and what the host says. */
export function standing(
  status: EtcdClusterStatus,
  host: HostName,
): { readonly member?: EtcdMemberStatus; readonly view?: EtcdHostView } {
  const member = status.members.find((one) => one.host === host);
  const view = status.hosts.find((one) => one.host === host);
  return { ...(member === undefined ? {} : { member }), ...(view === undefined ? {} : { view }) };
}

function whyNotJoin(status: EtcdClusterStatus, host: HostName): Problem | undefined {
  const { member, view } = standing(status, host);
  if (member?.started === true && view?.data === "absent" && !view.status.answers) return memberDataLost(host, status);
  if (member === undefined && view?.data === "present") return dataOfNoMember(host, status);
  if (member === undefined) return growthRisk(status, host, "added");
  // It is counted already: starting it takes nothing from the others, but needs them to be a quorum.
  const { quorum: needed = Number.POSITIVE_INFINITY, voting, answering } = status;
  if (answering >= needed && status.leader !== undefined) return undefined;
  const silent = status.leader === undefined ? "; none leads" : "";
  return quorumAtRisk(host, "started", `${answering} of ${voting} voting members answer, quorum is ${needed}${silent}`);
}

function dataOfNoMember(host: HostName, status: EtcdClusterStatus): Problem {
  return {
    code: "etcd/foreign-data",
    severity: "error",
    message: `etcd on ${host} has data and is no member of the cluster`,
    because: `cluster ${status.clusterId} has the members ${status.members.map((one) => one.name).join(", ")}`,
    hint: {
      text: `Stop etcd on ${host} and move its data folder away if nobody needs it, then apply again: it joins as a learner`,
    },
    where: { host },
  };
}

/** Removes what the plan has shown, and only while each of them still surely holds nothing. */
async function removeLeftovers(
  act: HostAct,
  status: EtcdClusterStatus,
  host: HostName,
  planned: readonly string[],
  via: HostName,
  clientPort: number,
): Promise<void> {
  const { removable, problem } = leftoverLearners(status, host);
  if (problem !== undefined) throw new ProblemError(problem);
  for (const leftover of removable.filter((one) => planned.includes(one.id))) {
    act.say(`removing learner ${leftover.id}, which an interrupted run has added and never started`);
    await act.changeOn(via, { kind: "run", argv: etcdctl(clientPort, ["member", "remove", leftover.id], 10) });
  }
}

function isThere(view: EtcdHostView | undefined): boolean {
  return view?.data === "present" || view?.status.answers === true;
}

/** A voting member has caught up once, and whether it is well now is for other steps to see; a learner has to. */
function hasJoined(status: EtcdClusterStatus, host: HostName): Exclude<Verdict, { readonly state: "never" }> {
  const { member, view } = standing(status, host);
  if (member === undefined) return { state: "not-yet", because: "the cluster does not list it" };
  if (!member.started) return { state: "not-yet", because: "it has not published its address" };
  if (!member.learner && isThere(view)) return { state: "met" };
  const leader = status.leader?.status;
  if (view?.status.answers !== true) return { state: "not-yet", because: view?.health.because ?? "it does not answer" };
  if (leader === undefined) return { state: "not-yet", because: "no leader answers" };
  const share = view.status.raftAppliedIndex / Math.max(1, leader.raftIndex);
  if (share >= caughtUp) return { state: "met" };
  return { state: "not-yet", because: `it is at ${Math.floor(share * 100)} % of the leader's log` };
}
