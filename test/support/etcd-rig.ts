import type { PlannedStep } from "../../src/engine/plan.ts";
import type { RunResult } from "../../src/engine/run-options.ts";
import type { Step } from "../../src/engine/step.ts";
import { etcdSteps } from "../../src/parts/etcd/etcd-steps.ts";
import type { ClusterSpec } from "../../src/spec/cluster-spec.ts";
import { type EngineRig, engineRig } from "./engine-rig.ts";
import { FakeEtcd } from "./fake-etcd.ts";
import type { FakeHost } from "./fake-host.ts";

/** The steps of etcd, a fake etcd on fake machines, and an engine to plan and run them with. */
export interface EtcdRig {
  readonly etcd: FakeEtcd;
  readonly rig: EngineRig;
  host(name: string): FakeHost;
  stepsOf(spec: ClusterSpec): readonly Step[];
  /** What a plan has to do. */
  toDo(spec: ClusterSpec): Promise<readonly PlannedStep[]>;
  apply(spec: ClusterSpec): Promise<RunResult>;
  /** Applies, and throws unless every step ended well. */
  applied(spec: ClusterSpec): Promise<void>;
}

export function etcdRig(hosts: readonly string[]): EtcdRig {
  const etcd = new FakeEtcd();
  const rig = engineRig(hosts, { base: etcd.base });
  etcd.now = () => rig.clock.now();
  const { inFlight } = rig.hosts;

  /**
   * The steps alone: what the baseline makes is not needed on fake machines. Signing a certificate takes real time, so an
   * apply counts as an answer that is under way, or virtual time would run ahead of it.
   */
  function stepsOf(spec: ClusterSpec): readonly Step[] {
    const steps = etcdSteps(spec);
    const ids = new Set(steps.map((step) => step.id));
    return steps.map((step) => ({
      ...step,
      after: step.after.filter((id) => ids.has(id)),
      apply: async (act: never, found: never) => {
        inFlight.count += 1;
        try {
          await step.apply(act, found);
        } finally {
          inFlight.count -= 1;
        }
      },
    }));
  }

  const apply = (spec: ClusterSpec) => rig.apply(stepsOf(spec));
  return {
    etcd,
    rig,
    host: (name) => rig.hosts.host(name),
    stepsOf,
    toDo: async (spec) => (await rig.plan(stepsOf(spec))).steps.filter((step) => step.state !== "satisfied"),
    apply,
    async applied(spec) {
      const { outcomes } = await apply(spec);
      const bad = [...outcomes].filter(([, one]) => !["applied", "satisfied"].includes(one.outcome));
      if (bad.length > 0) throw new Error(JSON.stringify(bad, undefined, 1));
    },
  };
}
