import { etcdPlaces } from "../../cluster/etcd-places.ts";
import { type EtcdClusterStatus, type EtcdHostView, readEtcdStatus } from "../../cluster/etcd-status.ts";
import type { Change, ClusterStep, NonEmpty } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { startMember } from "./etcd-birth.ts";
import { etcdBootstrapStepId, etcdStartStepId } from "./etcd-layout.ts";

/**
 * Starts every member that has data and does not run: all at once, because none becomes ready before a quorum is. Then
 * waits for the health of all that run.
 */
export function etcdStartStep(spec: ClusterSpec): ClusterStep<readonly HostName[]> {
  const places = etcdPlaces(spec);
  return {
    id: etcdStartStepId,
    title: "Start the etcd members",
    phase: "etcd",
    on: "cluster",
    after: [etcdBootstrapStepId],
    impact: "none",
    async check(look) {
      const status = await readEtcdStatus(look, places);
      const withData = status.hosts.filter((view) => view.data === "present");
      if (withData.length === 0) {
        return { state: "unknown", until: etcdBootstrapStepId, because: "there is no etcd cluster yet" };
      }
      const stopped = withData.filter((view) => !isStarting(view));
      const unhealthy = waitingFor(status);
      const [first, ...rest] = [
        ...stopped.map(
          (view): Change => ({
            verb: "update",
            what: `service etcd.service on ${view.host}`,
            from: view.unit,
            to: "running",
          }),
        ),
        ...unhealthy
          .filter((view) => !stopped.includes(view))
          .map(
            (view): Change => ({
              verb: "run",
              what: `wait for etcd member ${view.host}`,
              because: view.health.because,
            }),
          ),
      ];
      if (first === undefined) return { state: "satisfied", because: `${withData.length} members run and are healthy` };
      return {
        state: "needed",
        found: stopped.map((view) => view.host),
        changes: [first, ...rest] as NonEmpty<Change>,
      };
    },
    async apply(act, stopped) {
      await Promise.all(stopped.map((host) => startMember(act, host)));
    },
    verify: [
      {
        title: "etcd members to be healthy",
        everyMs: 1000,
        withinMs: 120_000,
        async holds(look) {
          const waiting = waitingFor(await readEtcdStatus(look, places));
          if (waiting.length === 0) return { state: "met" };
          const because = waiting.map((view) => `${view.host} is ${view.unit}: ${view.health.because}`).join("; ");
          return { state: "not-yet", because };
        },
      },
    ],
  };
}

/** Hosts with data whose member does not answer as it should; a learner answers only for itself. */
function waitingFor(status: EtcdClusterStatus): readonly EtcdHostView[] {
  return status.hosts.filter((view) => {
    if (view.data !== "present") return false;
    return view.status.answers && view.status.learner ? false : !view.health.healthy;
  });
}

function isStarting(view: EtcdHostView): boolean {
  return /^(active|activating|reloading) /.test(view.unit);
}
