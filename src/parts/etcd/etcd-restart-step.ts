import { etcdPlaces } from "../../cluster/etcd-places.ts";
import { type EtcdClusterStatus, etcdUnit, readEtcdStatus } from "../../cluster/etcd-status.ts";
import { mayStopMember, quorum } from "../../domain/quorum.ts";
import type { HostAct, HostStep } from "../../engine/step.ts";
import { etcdctl, etcdPkiDir } from "../../facts/etcd-layout.ts";
import { type Problem, ProblemError } from "../../problems/problem.ts";
import { file } from "../../resources/file.ts";
import type { Inspection } from "../../resources/inspection.ts";
import { service } from "../../resources/service.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { lookedUpStateStep } from "../looked-up-state.ts";
import { readEtcdAuthority } from "./etcd-ca-step.ts";
import { etcdFiles, memberState } from "./etcd-configure-step.ts";
import { etcdEnvironmentPath, etcdRolloutLock, etcdStartStepId, etcdStepId, etcdUnitPath } from "./etcd-layout.ts";

/**
 * Restarts a running member that has not loaded its files: one member at a time, only while the others are a quorum, and
 * after it has handed over the leadership. A leaf certificate needs no restart, a changed authority does.
 */
export function etcdRestartStep(spec: ClusterSpec, host: HostSpec): HostStep<Inspection> {
  const places = etcdPlaces(spec);
  const authorityPath = `${etcdPkiDir}/ca.crt`;
  const files = etcdFiles(spec, host);
  const loads = [etcdEnvironmentPath, authorityPath];
  const etcd = service({ unit: etcdUnit, loads, unitFiles: [etcdUnitPath] });
  const state = memberState(spec.etcd.dataDir);
  const inner = lookedUpStateStep(
    {
      id: etcdStepId("restart", host.name),
      title: `Load etcd's configuration on ${host.name}`,
      phase: "etcd",
      on: host.name,
      after: [etcdStartStepId],
      locks: [etcdRolloutLock],
      impact: "restarts-component",
    },
    async (at) => {
      const [{ data, unit }, authority] = await Promise.all([at.fact(state), readEtcdAuthority(at)]);
      if (unit === "no-systemd" || unit.active !== "active" || data !== "present") return [];
      // The files are other steps' to write; here they say what will be newer than the process.
      const copy = authority === undefined ? [] : [file({ path: authorityPath, content: authority.certificate })];
      return [...files, ...copy, etcd];
    },
  );
  return {
    ...inner,
    async check(look) {
      const [check, status] = await Promise.all([inner.check(look), readEtcdStatus(look, places)]);
      if (check.state !== "needed") return check;
      // The files themselves are the configure step's, which comes first.
      const [first, ...rest] = check.changes.filter((change) => !change.what.startsWith("file "));
      if (first === undefined) return { state: "satisfied", because: "nothing that runs has to notice" };
      if (!restarts(check.found)) return { ...check, changes: [first, ...rest] };
      const problem = restartRisk(status, host);
      if (problem !== undefined && !mayRecover(status, host)) return { state: "refused", problem };
      const later = problem === undefined ? first : { ...first, because: `${first.because}; once the others are back` };
      return { ...check, changes: [later, ...rest] };
    },
    async apply(act, found) {
      if (restarts(found)) await prepareRestart(act, await readEtcdStatus(act, places), host, spec.etcd.clientPort);
      await inner.apply(act, found);
    },
    verify: [
      inner.verify[0],
      {
        title: `etcd member ${host.name} to be healthy`,
        everyMs: 1000,
        withinMs: 120_000,
        async holds(look) {
          const status = await readEtcdStatus(look, places);
          const view = status.hosts.find((one) => one.host === host.name);
          if (view === undefined || view.data === "absent") return { state: "met" };
          const learner = view.status.answers && view.status.learner;
          if (learner || view.health.healthy) return { state: "met" };
          return { state: "not-yet", because: view.health.because };
        },
      },
    ],
  };
}

/**
 * Whether members that only have to be started, or given their certificates back, would be enough for a quorum without
 * this one. Steps before this one see to them, and apply looks again.
 */
function mayRecover(status: EtcdClusterStatus, host: HostSpec): boolean {
  const others = status.hosts.filter((view) => view.host !== host.name && view.data === "present");
  const voting = status.voting > 0 ? status.voting : status.hosts.length;
  return others.length >= quorum(voting);
}

function restarts(found: Inspection): boolean {
  return found.comparisons.some(
    (one) =>
      one.state === "different" &&
      one.changes.some((change) => change.verb === "restart" && change.what === `service ${etcdUnit}`),
  );
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

/** Looks once more, and moves the leadership away, so that the restart costs no election. */
async function prepareRestart(
  act: HostAct,
  status: EtcdClusterStatus,
  host: HostSpec,
  clientPort: number,
): Promise<void> {
  const problem = restartRisk(status, host);
  if (problem !== undefined) throw new ProblemError(problem);
  if (status.leader?.host !== host.name) return;
  const heir = status.members.find((one) => !one.learner && !one.leader && one.health.healthy);
  if (heir === undefined) return;
  act.say(`${host.name} leads etcd; moving the leadership to ${heir.name}`);
  await act.change({ kind: "run", argv: etcdctl(clientPort, ["move-leader", heir.id], 10) });
}
