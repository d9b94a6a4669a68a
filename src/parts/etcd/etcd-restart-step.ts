import { etcdUnit } from "../../cluster/etcd-status.ts";
import type { Change, Condition, HostAct, HostLook, HostStep, NonEmpty, Verdict } from "../../engine/step.ts";
import { etcdctl, etcdPkiDir } from "../../facts/etcd-layout.ts";
import { endsAtOnce, isStarting, isUp } from "../../facts/unit-activity.ts";
import { ProblemError } from "../../problems/problem.ts";
import { file } from "../../resources/file.ts";
import { type Inspection, inspect } from "../../resources/inspection.ts";
import type { Resource } from "../../resources/resource.ts";
import { hostStateStep } from "../../resources/resource-group.ts";
import { service } from "../../resources/service.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { readEtcdAuthority } from "./etcd-authority.ts";
import { startMember } from "./etcd-birth.ts";
import { memberCertificates } from "./etcd-certificates.ts";
import { writeCertificates } from "./etcd-certs-step.ts";
import { etcdFiles } from "./etcd-files.ts";
import { fixedSettingChanged } from "./etcd-fixed-settings.ts";
import { etcdEnvironmentPath, etcdRolloutLock, etcdStartStepId, etcdStepId, etcdUnitPath } from "./etcd-layout.ts";
import { type CertificateJudgements, judgeCertificates } from "./judge-certificates.ts";
import { memberDataLost } from "./member-data-lost.ts";
import { type MemberHealth, memberHealth } from "./member-health.ts";
import { isActive, isLiving, memberState } from "./member-state.ts";
import { changeRisk, isWithoutQuorum, mayRecover } from "./restart-risk.ts";
import { notServed, servedAsInFiles, servedKey } from "./served-certificates.ts";
import { versionOutOfReach } from "./version-change.ts";
import { waitFor } from "./wait-for.ts";

interface Found {
  readonly certificates: CertificateJudgements;
  readonly inspection: Inspection;
  readonly restarts: boolean;
  /** Its unit is up; otherwise it ends as soon as it is started, or is stopped. */
  readonly active: boolean;
}

/**
 * Gives a living member the files it should have and restarts it where it has to load them: one member at a time, only
 * while the others are a quorum, which is asked before the first write, the leader last and after it has handed over. The next member is not touched, not even
 * on its disk, before this one is healthy and serves what it was given. A leaf certificate needs no restart, because etcd
 * reads certificate and key anew for every handshake; a changed authority does.
 * `transport/listener.go` of etcd 3.4 to 3.6: GetCertificate, GetClientCertificate (2026-11-21)
 */
export function etcdRestartStep(spec: ClusterSpec, host: HostSpec): HostStep<Found> {
  const set = memberCertificates(host);
  const state = memberState(spec.etcd.dataDir);
  const id = etcdStepId("restart", host.name);
  const title = `Bring etcd member ${host.name} up to date`;
  const { clientPort } = spec.etcd;
  const base = { id, title, phase: "etcd", on: host.name, after: [etcdStartStepId] } as const;

  /** What is on the host of a living member; undefined when none lives there. Two round trips. */
  async function lookAt(look: HostLook | HostAct): Promise<Found | undefined> {
    const [{ data, unit }, certificates, authority] = await Promise.all([
      look.fact(state),
      judgeCertificates(look, host.name, set),
      readEtcdAuthority(look),
    ]);
    if (!isLiving({ data, unit })) return undefined;
    const active = isActive(unit);
    const resources = resourcesOf(spec, host, authority?.certificate, active);
    const inspection = await inspect(look, id, resources);
    const differs = [...certificates.changes, ...changesOf(inspection)].length > 0;
    return { certificates, inspection, active, restarts: active ? restarts(inspection) : differs };
  }

  const upToDate: Condition<HostLook> = {
    title: `etcd member ${host.name} to have its files, and to have loaded them`,
    everyMs: 1000,
    withinMs: 60_000,
    async holds(look) {
      const found = await lookAt(look);
      const [left] = found === undefined ? [] : changesIn(found);
      if (left === undefined) return { state: "met" };
      return { state: "not-yet", because: `${left.what}: ${left.because ?? "it differs"}` };
    },
  };
  /** `isChecking`: a healthy member whose port said nothing within the time it was given is not news. */
  async function healthOf(look: HostLook, { status, unhealthy }: MemberHealth, isChecking: boolean): Promise<Verdict> {
    const view = status.hosts.find((one) => one.host === host.name);
    // A member that is merely stopped is the start step's.
    if (view === undefined || view.data === "absent" || !isStarting(view.unit)) return { state: "met" };
    if (unhealthy.includes(view) || endsAtOnce(view.unit)) return { state: "not-yet", because: view.health.because };
    if (!isUp(view.unit)) return { state: "met" };
    const isSilenceNews = !isChecking || !view.health.healthy;
    const [because] = await notServed(look, spec, host, isSilenceNews);
    return because === undefined ? { state: "met" } : { state: "not-yet", because };
  }
  const healthy: Condition<HostLook> = {
    title: `etcd member ${host.name} to be healthy, and to serve its certificates`,
    everyMs: 1000,
    withinMs: 120_000,
    holds: async (look) => healthOf(look, await memberHealth(look, spec), false),
  };

  return {
    ...base,
    locks: [etcdRolloutLock],
    impact: "restarts-component",
    async check(look) {
      const health = memberHealth(look, spec);
      const [moved, found, known, isHealthy] = await Promise.all([
        fixedSettingChanged(look, spec, host),
        lookAt(look),
        health,
        health.then((known) => healthOf(look, known, true)),
      ]);
      if (moved !== undefined) return { state: "refused", problem: moved };
      if (found === undefined) return { state: "satisfied", because: "no member lives there yet" };
      const changes = changesIn(found);
      const wait = isHealthy.state === "not-yet" ? [waitFor(healthy.title, isHealthy.because)] : [];
      const [first, ...rest] = changes.length > 0 ? changes : wait;
      if (first === undefined) return { state: "satisfied", because: "it has its files and has loaded them" };
      const { status } = known;
      const view = status.hosts.find((one) => one.host === host.name);
      const isExchanged = changes.some((change) => change.what === `file ${etcdUnitPath}`);
      const unreachable = versionOutOfReach(host.name, status, spec, isExchanged);
      if (unreachable !== undefined) return { state: "refused", problem: unreachable };
      if (!found.active || changes.length === 0) return { state: "needed", found, changes: [first, ...rest] };
      if (found.restarts && view?.data === "absent") {
        return { state: "refused", problem: memberDataLost(host.name, status) };
      }
      const problem = changeRisk(known, host, found.restarts);
      // Another one may be what brings the others back.
      const waits = problem !== undefined && !mayRevive(found, known);
      const yields = waits || (found.restarts && status.leader?.host === host.name);
      if (problem !== undefined && !mayRecover(status, host)) return { state: "refused", problem };
      const planned = problem === undefined ? [first, ...rest] : [first, ...rest].map(onceOthersAreBack);
      return { state: "needed", found, changes: planned as unknown as NonEmpty<Change>, yields };
    },
    async apply(act, found) {
      const health = found.active && changesIn(found).length > 0 ? await memberHealth(act, spec) : undefined;
      const revives = health !== undefined && mayRevive(found, health);
      if (health !== undefined) requireNoRisk(health, host, found.restarts && !revives);
      if (found.certificates.changes.length > 0) await writeCertificates(act, set, found.certificates);
      if (found.restarts && health !== undefined) {
        const now = revives ? await memberHealth(act, spec) : health;
        if (revives) requireNoRisk(now, host, true);
        await handOver(act, now, host, clientPort);
      }
      await hostStateStep({ ...base, resources: found.inspection.resources }).apply(act, found.inspection);
      // Not waiting for systemd: it is up only once a quorum is.
      if (found.restarts && !found.active) await startMember(act, host.name, "restart");
    },
    verify: [upToDate, healthy],
  };
}

function resourcesOf(
  spec: ClusterSpec,
  host: HostSpec,
  authority: string | undefined,
  active: boolean,
): readonly Resource[] {
  const authorityPath = `${etcdPkiDir}/ca.crt`;
  const files = [
    ...etcdFiles(spec, host),
    ...(authority === undefined ? [] : [file({ path: authorityPath, content: authority })]),
  ];
  if (!active) return files;
  const loads = [etcdEnvironmentPath, authorityPath];
  return [
    ...files,
    servedAsInFiles(spec, host),
    service({ unit: etcdUnit, loads, unitFiles: [etcdUnitPath], restartsWith: [servedKey] }),
  ];
}

function changesOf(inspection: Inspection): readonly Change[] {
  return inspection.comparisons.flatMap((one) => (one.state === "different" ? one.changes : []));
}

/** Everything that differs, each thing once. */
function changesIn({ certificates, inspection, active, restarts: starts }: Found): readonly Change[] {
  const named = new Set(certificates.changes.map((change) => change.what));
  const declared = changesOf(inspection).filter((change) => !named.has(change.what));
  const because = "it is not up with what it has";
  const start: readonly Change[] = !active && starts ? [{ verb: "restart", what: `service ${etcdUnit}`, because }] : [];
  return [...certificates.changes, ...declared, ...start];
}

function restarts(inspection: Inspection): boolean {
  return changesOf(inspection).some((change) => change.verb === "restart" && change.what === `service ${etcdUnit}`);
}

function onceOthersAreBack(change: Change): Change {
  if (change.verb !== "restart") return change;
  return { ...change, because: `${change.because}; once the others are back` };
}

/** Without a quorum new leaves of the same authority take nothing from anybody, and may be what brings it back. */
function mayRevive({ certificates }: Found, { status }: MemberHealth): boolean {
  return isWithoutQuorum(status) && certificates.changes.length > 0 && !certificates.authority;
}

function requireNoRisk(health: MemberHealth, host: HostSpec, restarts: boolean): void {
  const problem = changeRisk(health, host, restarts);
  if (problem !== undefined) throw new ProblemError(problem);
}

/** Moves the leadership away, so that the restart costs no election. */
async function handOver(
  act: HostAct,
  { status, outdated }: MemberHealth,
  host: HostSpec,
  clientPort: number,
): Promise<void> {
  if (status.leader?.host !== host.name) return;
  const heirs = status.members.filter((one) => !one.learner && !one.leader && one.health.healthy);
  // One that is to be restarted too would only have to hand over again.
  const heir = heirs.find((one) => one.host !== undefined && !outdated.has(one.host)) ?? heirs.at(-1);
  if (heir === undefined) return;
  act.say(`${host.name} leads etcd; moving the leadership to ${heir.name}`);
  await act.change({ kind: "run", argv: etcdctl(clientPort, ["move-leader", heir.id], 10) });
}
