import { etcdHosts, etcdPlaces } from "../../cluster/etcd-places.ts";
import { type EtcdClusterStatus, type EtcdHostView, etcdUrl, readEtcdStatus } from "../../cluster/etcd-status.ts";
import { quorum } from "../../domain/quorum.ts";
import type { Change, Check, ClusterStep, Look, Verdict } from "../../engine/step.ts";
import { endsAtOnce, isStarting } from "../../facts/unit-activity.ts";
import type { HostName } from "../../hosts/port.ts";
import { inspectCertificate } from "../../pki/inspect-certificate.ts";
import type { Problem } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { readEtcdAuthority } from "./etcd-authority.ts";
import { bootstrapFile, giveBirth } from "./etcd-birth.ts";
import { etcdBootstrap } from "./etcd-environment.ts";
import { fixedSettingChanged } from "./etcd-fixed-settings.ts";
import { etcdBootstrapPath, etcdBootstrapStepId, etcdStepId } from "./etcd-layout.ts";
import { memberDataLost } from "./member-data-lost.ts";
import { waitFor } from "./wait-for.ts";

interface Found {
  /** Those that are to be started for the first time. */
  readonly hosts: readonly HostName[];
  /** What an unfinished bootstrap gave its hosts; absent when a new one begins. */
  readonly bootstrap?: string;
}

/**
 * Makes a new cluster: all members start together. Only when no host has etcd data and no member answers; or to finish a
 * bootstrap that was interrupted, which is known by the file it leaves behind, and then only on hosts whose member has
 * never run.
 */
export function etcdBootstrapStep(spec: ClusterSpec): ClusterStep<Found> {
  const places = etcdPlaces(spec);
  const hosts = etcdHosts(spec);
  return {
    id: etcdBootstrapStepId,
    title: `Bootstrap etcd with ${hosts.length} member${hosts.length === 1 ? "" : "s"}`,
    phase: "etcd",
    on: "cluster",
    after: hosts.map((host) => etcdStepId("configure", host.name)),
    impact: "changes-etcd-membership",
    check: judge,
    async apply(act, found) {
      const bootstrap = found.bootstrap ?? etcdBootstrap({ state: "new", members: urls(), token: await tokenOf(act) });
      await Promise.all(found.hosts.map((host) => giveBirth(act, host, bootstrap)));
    },
    verify: [
      {
        // Their health is the start step's, which comes next.
        title: "etcd members to be born",
        everyMs: 1000,
        withinMs: 180_000,
        async holds(look): Promise<Verdict> {
          const check = await judge(look);
          if (check.state === "satisfied") return { state: "met" };
          if (check.state === "needed") return { state: "not-yet", because: check.changes.map(textOf).join("; ") };
          if (check.state === "unknown") return { state: "not-yet", because: check.because };
          const { problem } = check;
          if (problem.code === "etcd/foreign-data") return { state: "never", problem };
          return { state: "not-yet", because: problem.message };
        },
      },
    ],
  };

  async function judge(look: Look): Promise<Check<Found>> {
    const [status, ...moved] = await Promise.all([
      readEtcdStatus(look, places),
      ...hosts.map((host) => fixedSettingChanged(look, spec, host)),
    ]);
    const problem = moved.find((one) => one !== undefined) ?? foreignData(status);
    if (problem !== undefined) return { state: "refused", problem };
    const asked = status.hosts.filter((view) => view.unreachable === undefined);
    const births = await Promise.all(asked.map((view) => look.factOf(view.host, bootstrapFile)));
    const unfinished = births.find((text) => text?.includes("\nETCD_INITIAL_CLUSTER_STATE=new\n"));
    const withData = status.hosts.filter((view) => view.data === "present");
    if (unfinished === undefined) {
      if (status.clusterId !== undefined) {
        return { state: "satisfied", because: `a cluster of ${status.members.length} members answers` };
      }
      if (withData.length > 0) {
        return {
          state: "satisfied",
          because: `there is etcd data on ${withData.map((view) => view.host).join(", ")}`,
        };
      }
      // One that cannot be asked may have the data of all.
      const [silent] = status.hosts.flatMap((view) => view.unreachable ?? []);
      if (silent !== undefined) return { state: "refused", problem: silent };
      return needed(status.hosts.map((view) => view.host));
    }
    const away = status.hosts.flatMap((view) => view.unreachable ?? [])[0];
    if (away !== undefined) return { state: "refused", problem: away };
    const born = namesIn(unfinished);
    const missing = status.hosts.filter(
      (view) => view.data === "absent" && !view.status.answers && born.has(view.host),
    );
    if (missing.length === 0) return { state: "satisfied", because: "every member of the bootstrap has its data" };
    const lost = missing.find((view) => status.members.some((one) => one.host === view.host && one.started));
    if (lost !== undefined) return { state: "refused", problem: memberDataLost(lost.host, status) };
    if (status.clusterId === undefined && withData.length > 0) {
      // They can be a quorum without the rest, and then say which of the rest has ever run; the join step starts those.
      if (withData.length >= quorum(born.size)) {
        const beingBorn = missing.filter((view) => isStarting(view.unit) && !endsAtOnce(view.unit));
        if (beingBorn.length > 0) return waitForBirths(beingBorn);
        return {
          state: "satisfied",
          because: `${withData.length} of ${born.size} members have data: enough to start`,
        };
      }
      const stopped = withData.find((view) => !isStarting(view.unit));
      if (stopped !== undefined) return { state: "refused", problem: startFirst(stopped, missing) };
    }
    return needed(
      missing.map((view) => view.host),
      withData.length > 0 ? unfinished : undefined,
    );
  }

  function needed(missing: readonly HostName[], bootstrap?: string): Check<Found> {
    const because =
      bootstrap === undefined ? {} : { because: "an earlier run was interrupted while it made the cluster" };
    const members = { verb: "create", what: "etcd cluster", to: `members ${missing.join(", ")}`, ...because } as const;
    const files = missing.map((host) => ({ verb: "create", what: `file ${etcdBootstrapPath} on ${host}` }) as const);
    const found = { hosts: missing, ...(bootstrap === undefined ? {} : { bootstrap }) };
    return { state: "needed", found, changes: [members, ...files] };
  }

  function urls(): ReadonlyMap<string, string> {
    return new Map(hosts.map((host) => [host.name, etcdUrl(host.address, spec.etcd.peerPort)]));
  }

  /** The authority's fingerprint is in it: clusters with other certificates never take each other for themselves. */
  async function tokenOf(look: Pick<Look, "vault">): Promise<string> {
    const authority = await readEtcdAuthority(look);
    if (authority === undefined) throw new Error("the bootstrap runs before etcd has its authority");
    const { fingerprint } = inspectCertificate(authority.certificate, "the authority of etcd");
    return `${spec.name}-${fingerprint.slice(0, 16)}`;
  }
}

/** The names in ETCD_INITIAL_CLUSTER of a birth file. */
function namesIn(bootstrap: string): ReadonlySet<string> {
  const list = /^ETCD_INITIAL_CLUSTER=(.*)$/m.exec(bootstrap)?.[1] ?? "";
  return new Set(list.split(",").flatMap((entry) => (entry.includes("=") ? [entry.slice(0, entry.indexOf("="))] : [])));
}

/** A member that has run may know more of the others than the birth file does. */
function startFirst(stopped: EtcdHostView, missing: readonly EtcdHostView[]): Problem {
  const others = missing.map((view) => view.host).join(", ");
  return {
    code: "etcd/quorum-at-risk",
    severity: "error",
    message: `the bootstrap of etcd cannot go on with ${others} while ${stopped.host} is stopped`,
    because: `${stopped.host} has etcd data, its unit is ${stopped.unit}, and no member answers`,
    hint: { text: `Start etcd on ${stopped.host}, then apply again`, command: "systemctl start etcd.service" },
    where: { host: stopped.host },
  };
}

/** They have been started, and have not written their data yet. */
function waitForBirths(beingBorn: readonly EtcdHostView[]): Check<Found> {
  const [first, ...rest] = beingBorn.map((view) =>
    waitFor(`the birth of etcd member ${view.host}`, `its unit is ${view.unit}`),
  );
  if (first === undefined) throw new Error("there is nobody to wait for");
  return { state: "needed", found: { hosts: [] }, changes: [first, ...rest] };
}

function textOf({ what, because }: Change): string {
  return because === undefined ? what : `${what}: ${because}`;
}

function foreignData(status: EtcdClusterStatus): Problem | undefined {
  if (status.foreign.length === 0) return undefined;
  const ids = status.hosts.flatMap((view) =>
    view.status.answers ? [`${view.host} is in cluster ${view.status.clusterId}`] : [],
  );
  return {
    code: "etcd/foreign-data",
    severity: "error",
    message: `etcd on ${status.foreign.join(", ")} belongs to another cluster`,
    because: ids.join(", "),
    hint: {
      text: "Find out which of them is yours; on the others stop etcd and move its data folder away, then apply again",
    },
  };
}
