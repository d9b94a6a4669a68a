import type { Plan } from "../engine/plan.ts";
import { hostsAskedAtOnce, makePlan } from "../engine/planner.ts";
import { type Selection, selectSteps } from "../engine/select-steps.ts";
import type { Step, StepId } from "../engine/step.ts";
import { clusterTrafficStepId } from "../parts/verification/verification-layout.ts";
import { install } from "../plans/install.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import type { OpenedCluster } from "./open-cluster.ts";
import type { OpenedWorld } from "./open-world.ts";

/** Which part of the work is wanted. */
export interface SelectOptions {
  readonly through?: string;
  readonly limit?: readonly string[];
  /** Send traffic between pods although nothing has changed. */
  readonly traffic?: boolean;
  /** What a saved plan was about, instead of the others. */
  readonly saved?: Plan;
  /** Another plan than the install. */
  readonly intention?: (spec: ClusterSpec) => Intention;
}

/** A plan of src/plans, before anybody was asked. */
interface Intention {
  readonly intention: string;
  readonly phases: readonly string[];
  readonly steps: readonly Step[];
}

/** A plan of what would be done now, with the steps to do it. */
export interface Observed {
  readonly plan: Plan;
  readonly selection: Selection;
}

/** Asks the hosts and plans the install, or the wanted part of it, or another intention. Changes nothing. */
export async function observe(
  { spec, specDigest }: OpenedCluster,
  world: OpenedWorld,
  { through, limit, saved, traffic = isTrafficWanted(saved), intention: other }: SelectOptions,
): Promise<Observed> {
  const { intention, phases, steps } = other === undefined ? install(spec, { traffic }) : other(spec);
  const selection = selectSteps(steps, {
    phases,
    hosts: spec.hosts.map((host) => host.name),
    ...(saved !== undefined && { only: stepsOf(saved, steps) }),
    ...(through !== undefined && { through }),
    ...(limit !== undefined && { limit }),
  });
  const { outside } = selection;
  const hostsAtOnce = Math.max(hostsAskedAtOnce, spec.ssh.maxConnections);
  using _ = toldWhenLong(`Asking ${spec.hosts.length === 1 ? "1 host" : `${spec.hosts.length} hosts`} what is there.`);
  const plan = await makePlan(selection.steps, world, {
    cluster: spec.name,
    intention,
    specDigest,
    outside,
    hostsAtOnce,
  });
  return { plan, selection };
}

const longMs = 2_000;

/** Says on a terminal what is going on when it takes long; one that hangs is named in the end, and not before. */
function toldWhenLong(what: string): Disposable {
  const timer = setTimeout(() => process.stderr.isTTY && process.stderr.write(`${what}\n`), longMs);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** A saved plan that sends traffic was made to send it, changed or not. */
function isTrafficWanted(saved: Plan | undefined): boolean {
  return saved?.steps.some((step) => step.id === clusterTrafficStepId && step.state === "needed") === true;
}

/** Steps on hosts that could not be reached are not in the plan, but it was about them: they are looked for again. */
function stepsOf(saved: Plan, steps: readonly Step[]): ReadonlySet<StepId> {
  const ids = new Set(saved.steps.map((step) => step.id));
  const missing = new Set(saved.unreachable.map(({ host }) => host));
  return new Set(steps.filter((step) => ids.has(step.id) || missing.has(step.on)).map((step) => step.id));
}
