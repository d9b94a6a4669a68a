import { etcdPlaces } from "../../cluster/etcd-places.ts";
import { type EtcdHostView, readEtcdStatus } from "../../cluster/etcd-status.ts";
import type { Change, HostStep, NonEmpty } from "../../engine/step.ts";
import { etcdctl } from "../../facts/etcd-layout.ts";
import { isStarting } from "../../facts/unit-activity.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { bootstrapFile } from "./etcd-birth.ts";
import { standing } from "./etcd-join-step.ts";
import { etcdBootstrapPath, etcdMembershipLock, etcdStepId } from "./etcd-layout.ts";
import { growthRisk, mayAllAnswer } from "./growth-risk.ts";
import { memberHealth } from "./member-health.ts";
import { waitFor } from "./wait-for.ts";

interface Found {
  readonly promote?: string;
}

/** Gives a learner its vote, and takes away what its birth needed. */
export function etcdPromoteStep(spec: ClusterSpec, host: HostSpec): HostStep<Found> {
  const places = etcdPlaces(spec);
  const join = etcdStepId("join", host.name);
  return {
    id: etcdStepId("promote", host.name),
    title: `Make ${host.name} a voting member of etcd`,
    phase: "etcd",
    on: host.name,
    after: [join],
    locks: [etcdMembershipLock],
    impact: "changes-etcd-membership",
    async check(look) {
      const [{ status, unhealthy }, birth] = await Promise.all([memberHealth(look, spec), look.fact(bootstrapFile)]);
      const { member, view } = standing(status, host.name);
      if (member?.started !== true || !(view?.data === "present" || view?.status.answers === true)) {
        return { state: "unknown", until: join, because: `${host.name} is no etcd member yet` };
      }
      const risk = member.learner ? growthRisk(status, host.name, "promoted") : undefined;
      if (risk !== undefined && !mayAllAnswer(status)) return { state: "refused", problem: risk };
      const changes: Change[] = [
        ...(member.learner
          ? [{ verb: "update", what: `etcd member ${host.name}`, from: "learner", to: "voting member" } as const]
          : []),
        ...(birth === undefined
          ? []
          : [
              {
                verb: "delete",
                what: `file ${etcdBootstrapPath}`,
                because: "it must not be there if the data is ever lost",
              } as const,
            ]),
      ];
      const waiting = whyWaiting(view, unhealthy);
      if (changes.length === 0 && waiting !== undefined) {
        changes.push(waitFor(`etcd member ${host.name}`, waiting));
      }
      const [first, ...rest] = changes;
      if (first === undefined) return { state: "satisfied", because: `${host.name} is a voting member` };
      const found = member.learner ? { promote: member.id } : {};
      return { state: "needed", found, changes: [first, ...rest] as NonEmpty<Change> };
    },
    async apply(act, found) {
      if (found.promote !== undefined) {
        const status = await readEtcdStatus(act, places);
        const risk = growthRisk(status, host.name, "promoted");
        if (risk !== undefined) throw new ProblemError(risk);
        // A learner does not take requests about members.
        const via = status.leader?.host ?? status.members.find((one) => !one.learner && one.health.healthy)?.host;
        const argv = etcdctl(spec.etcd.clientPort, ["member", "promote", found.promote], 10);
        await act.changeOn(via ?? host.name, { kind: "run", argv });
      }
      await act.change({ kind: "remove", path: etcdBootstrapPath });
    },
    verify: [
      {
        title: `etcd member ${host.name} to vote and be healthy`,
        everyMs: 1000,
        withinMs: 60_000,
        async holds(look) {
          const [{ status, unhealthy }, birth] = await Promise.all([
            memberHealth(look, spec),
            look.fact(bootstrapFile),
          ]);
          const { member, view } = standing(status, host.name);
          if (member === undefined || member.learner) return { state: "not-yet", because: "it has no vote" };
          if (birth !== undefined) return { state: "not-yet", because: `${etcdBootstrapPath} is still there` };
          const because = view === undefined ? undefined : whyWaiting(view, unhealthy);
          return because === undefined ? { state: "met" } : { state: "not-yet", because };
        },
      },
    ],
  };
}

/** A member that is merely stopped is the start step's. */
function whyWaiting(view: EtcdHostView, unhealthy: readonly EtcdHostView[]): string | undefined {
  return isStarting(view.unit) && unhealthy.includes(view) ? view.health.because : undefined;
}
