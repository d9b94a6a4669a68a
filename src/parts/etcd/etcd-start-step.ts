import type { EtcdHostView } from "../../cluster/etcd-status.ts";
import type { Change, ClusterStep, NonEmpty } from "../../engine/step.ts";
import { isStarting } from "../../facts/unit-activity.ts";
import type { HostName } from "../../hosts/port.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { startMember } from "./etcd-birth.ts";
import { etcdBootstrapStepId, etcdStartStepId } from "./etcd-layout.ts";
import { memberHealth } from "./member-health.ts";
import { waitFor } from "./wait-for.ts";

/**
 * Starts every member that has data and does not run: all at once, because none becomes ready before a quorum is. Then
 * waits for the health of all that can be healthy with the files they have.
 */
export function etcdStartStep(spec: ClusterSpec): ClusterStep<readonly HostName[]> {
  return {
    id: etcdStartStepId,
    title: "Start the etcd members",
    phase: "etcd",
    on: "cluster",
    after: [etcdBootstrapStepId],
    impact: "none",
    async check(look) {
      const { status, unhealthy } = await memberHealth(look, spec);
      const withData = status.hosts.filter((view) => view.data === "present");
      if (withData.length === 0) {
        return { state: "unknown", until: etcdBootstrapStepId, because: "there is no etcd cluster yet" };
      }
      const stopped = withData.filter((view) => !isStarting(view.unit));
      const [first, ...rest] = [
        ...stopped.map(startOf),
        ...unhealthy
          .filter((view) => !stopped.includes(view))
          .map((view) => waitFor(`etcd member ${view.host}`, view.health.because)),
      ];
      if (first === undefined) return { state: "satisfied", because: `${withData.length} members run` };
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
          const { status, unhealthy } = await memberHealth(look, spec);
          const stopped = status.hosts.filter((view) => view.data === "present" && !isStarting(view.unit));
          const waiting = [...new Set([...stopped, ...unhealthy])];
          if (waiting.length === 0) return { state: "met" };
          const because = waiting.map((view) => `${view.host} is ${view.unit}: ${view.health.because}`).join("; ");
          return { state: "not-yet", because };
        },
      },
    ],
  };
}

function startOf(view: EtcdHostView): Change {
  return { verb: "update", what: `service etcd.service on ${view.host}`, from: view.unit, to: "running" };
}
