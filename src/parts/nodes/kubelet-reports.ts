import { kubeAsk } from "../../cluster/kube/kube-ask.ts";
import type { Condition, HostLook, StepId, Verdict } from "../../engine/step.ts";
import { loadedUnit } from "../../facts/loaded-unit.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { kubeletUnit } from "./nodes-layout.ts";

interface NodeView {
  readonly status?: {
    readonly conditions?: readonly ReadyCondition[];
  };
}
interface ReadyCondition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
  readonly lastHeartbeatTime?: string;
}
interface LeaseView {
  readonly spec?: { readonly renewTime?: string };
}

/** kubelet renews its lease every 10 s, first up to 10 s after it has registered; without, a node is unready after 50 s. */
const reportsWithinMs = 180_000;

/**
 * The kubelet that runs now has told the cluster of itself, and its node is Ready. That the node is Ready alone proves
 * nothing: it stays so for the better part of a minute after a kubelet that does not start any more has gone. A node that
 * only waits for its network is good enough: that is a later step's.
 */
export function kubeletReports(spec: ClusterSpec, host: HostSpec, joined: StepId): Condition<HostLook> {
  const unitFact = loadedUnit(kubeletUnit);
  const requests = [
    { method: "GET", path: `/api/v1/nodes/${host.name}` },
    { method: "GET", path: `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${host.name}` },
  ] as const;
  return {
    title: `node ${host.name} to be Ready under the kubelet that runs`,
    everyMs: 1000,
    withinMs: reportsWithinMs,
    async holds(look): Promise<Verdict> {
      const [unit, answer] = await Promise.all([look.fact(unitFact), kubeAsk(look, spec, requests)]);
      if (answer.state === "not-initialised") return notYet(`${joined} makes it a node`);
      if (answer.state === "silent") return notYet(`no API server answers (${answer.because})`);
      if (unit === "no-systemd" || unit.startedAt === undefined) return notYet("kubelet has never been started");
      const [node, lease] = answer.replies;
      if (node?.status !== 200) return notYet("the cluster has no such node");
      const renewed = lease?.status === 200 ? (lease.body as LeaseView).spec?.renewTime : undefined;
      const ready = (node.body as NodeView).status?.conditions?.find((one) => one.type === "Ready");
      // All are by the host's own clock. A heartbeat is told in whole seconds, so one of the same second may be older.
      const startedAtMs = unit.startedAt.epochSecond * 1000;
      const hasRenewed = renewed !== undefined && Date.parse(renewed) >= startedAtMs;
      const heartbeat = ready?.lastHeartbeatTime;
      if (!hasRenewed && !(heartbeat !== undefined && Date.parse(heartbeat) > startedAtMs))
        return notYet("kubelet has not reported since it was started");
      if (ready?.status === "True" || ready?.message?.includes("NetworkPluginNotReady")) return { state: "met" };
      return notYet(ready?.message ?? "it has no condition Ready");
    },
  };
}

function notYet(because: string): Verdict {
  return { state: "not-yet", because };
}
