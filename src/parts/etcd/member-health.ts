import { etcdHosts, etcdPlaces } from "../../cluster/etcd-places.ts";
import { type EtcdClusterStatus, type EtcdHostView, readEtcdStatus } from "../../cluster/etcd-status.ts";
import { quorum } from "../../domain/quorum.ts";
import type { Look } from "../../engine/step.ts";
import type { Fact } from "../../facts/fact.ts";
import { endsAtOnce } from "../../facts/unit-activity.ts";
import type { HostName } from "../../hosts/port.ts";
import { ProblemError } from "../../problems/problem.ts";
import { inspect } from "../../resources/inspection.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { memberCertificates } from "./etcd-certificates.ts";
import { etcdFiles } from "./etcd-files.ts";
import { judgeCertificates } from "./judge-certificates.ts";

/** The state of a cluster, and of which members health may be waited for. */
export interface MemberHealth {
  readonly status: EtcdClusterStatus;
  /** Hosts with data whose member is not as healthy as it can be. A learner answers only for itself. */
  readonly unhealthy: readonly EtcdHostView[];
  /** Members whose files differ from what they should have; what is not known differs. */
  readonly outdated: ReadonlySet<HostName>;
}

/** "due": nothing is wrong with its certificates but that they end soon. */
type Drift = "none" | "settings" | "due" | "certificates";

/**
 * Looks at all members. A member that is not healthy and that only its own restart step can make well is not waited for:
 * one with certificates it cannot work with, or one that ends as soon as it starts and has other settings than it should;
 * nor is any, while too few are left without those for a quorum.
 */
export async function memberHealth(look: Look, spec: ClusterSpec): Promise<MemberHealth> {
  const hosts = etcdHosts(spec);
  const [status, ...drifts] = await Promise.all([
    readEtcdStatus(look, etcdPlaces(spec)),
    ...hosts.map((host) => driftOf(look, spec, host)),
  ]);
  const drift = new Map(hosts.map((host, index) => [host.name, drifts[index] ?? "settings"]));
  const withData = status.hosts.filter((view) => view.data === "present");
  const able = withData.filter((view) => !isHindered(view, drift.get(view.host) ?? "settings"));
  const needed = status.quorum ?? quorum(Math.max(1, withData.length));
  const mayBeHealthy = able.length === withData.length || able.length >= needed;
  return {
    status,
    unhealthy: mayBeHealthy ? able.filter((view) => !isAsHealthyAsItCanBe(view)) : [],
    outdated: new Set(hosts.map((host) => host.name).filter((name) => drift.get(name) !== "none")),
  };
}

function isAsHealthyAsItCanBe(view: EtcdHostView): boolean {
  return (view.status.answers && view.status.learner) || view.health.healthy;
}

function isHindered(view: EtcdHostView, drift: Drift): boolean {
  if (view.health.healthy) return false;
  return drift === "certificates" || (drift !== "none" && endsAtOnce(view.unit));
}

async function driftOf(look: Look, spec: ClusterSpec, host: HostSpec): Promise<Drift> {
  const at = { fact: <T>(fact: Fact<T>) => look.factOf(host.name, fact) };
  try {
    const [certificates, files] = await Promise.all([
      judgeCertificates(look, host.name, memberCertificates(host)),
      inspect(at, `etcd files of ${host.name}`, etcdFiles(spec, host)),
    ]);
    if (!certificates.usable) return "certificates";
    if (!files.comparisons.every((one) => one.state === "same")) return "settings";
    return certificates.changes.length > 0 ? "due" : "none";
  } catch (cause) {
    // A host that cannot be asked is the status's to tell.
    if (cause instanceof ProblemError && cause.problem.code.startsWith("ssh/")) return "settings";
    throw cause;
  }
}
