import { type EtcdClusterStatus, etcdUnit as etcdUnitName, readEtcdStatus } from "../../cluster/etcd-status.ts";
import { mayStopMember } from "../../domain/quorum.ts";
import type { HostAct, HostStep } from "../../engine/step.ts";
import { etcdData } from "../../facts/etcd-data.ts";
import { etcdctl, etcdPkiDir } from "../../facts/etcd-layout.ts";
import { loadedUnit } from "../../facts/loaded-unit.ts";
import { together } from "../../facts/together.ts";
import { type Problem, ProblemError } from "../../problems/problem.ts";
import { file } from "../../resources/file.ts";
import type { Inspection } from "../../resources/inspection.ts";
import { hostStateStep } from "../../resources/resource-group.ts";
import { service } from "../../resources/service.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { bootstrapFile } from "./etcd-birth.ts";
import { etcdEnvironment } from "./etcd-environment.ts";
import { etcdProgram } from "./etcd-install-step.ts";
import { etcdEnvironmentPath, etcdPlaces, etcdRolloutLock, etcdStepId, etcdUnitPath } from "./etcd-layout.ts";
import { etcdUnit } from "./etcd-unit.ts";

/**
 * Unit and environment of one member. A running member is restarted for them, one member at a time, only while the
 * others are a quorum, and after it has handed over the leadership. A member that does not run is not started here: it
 * may need the others to become ready, so the start step starts all at once.
 */
export function etcdConfigureStep(spec: ClusterSpec, host: HostSpec): HostStep<Inspection> {
  const places = etcdPlaces(spec);
  const needs = together({
    data: etcdData(spec.etcd.dataDir),
    unit: loadedUnit(etcdUnitName),
    birth: bootstrapFile,
  });
  const inner = hostStateStep({
    id: etcdStepId("configure", host.name),
    title: `Configure etcd on ${host.name}`,
    phase: "etcd",
    on: host.name,
    after: [etcdStepId("install", host.name), etcdStepId("certs", host.name)],
    locks: [etcdRolloutLock],
    impact: "restarts-component",
    needs,
    resources: ({ data, unit, birth }) => {
      const files = [
        file({ path: etcdUnitPath, content: etcdUnit(etcdProgram(spec), spec.etcd.dataDir) }),
        file({ path: etcdEnvironmentPath, content: etcdEnvironment(spec, host) }),
      ];
      const running = unit !== "no-systemd" && (unit.active === "active" || unit.active === "reloading");
      if (running && (data === "present" || birth !== undefined)) {
        const loads = [etcdEnvironmentPath, `${etcdPkiDir}/ca.crt`];
        return [...files, service({ unit: etcdUnitName, loads, unitFiles: [etcdUnitPath] })];
      }
      // A package's own etcd may have been started, by a reboot before it was configured.
      return running ? [...files, service({ unit: etcdUnitName, running: false, enabled: true })] : files;
    },
  });
  return {
    ...inner,
    async check(look) {
      const [check, status] = await Promise.all([inner.check(look), readEtcdStatus(look, places)]);
      if (check.state !== "needed" || !restarts(check.found)) return check;
      const problem = restartRisk(status, host);
      return problem === undefined ? check : { state: "refused", problem };
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
          if (view === undefined || !view.unit.startsWith("active")) return { state: "met" };
          const learner = view.status.answers && view.status.learner;
          if (learner || view.health.healthy) return { state: "met" };
          return { state: "not-yet", because: view.health.because };
        },
      },
    ],
  };
}

function restarts(found: Inspection): boolean {
  return found.comparisons.some(
    (one) =>
      one.state === "different" &&
      one.changes.some((change) => change.verb === "restart" && change.what === `service ${etcdUnitName}`),
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
