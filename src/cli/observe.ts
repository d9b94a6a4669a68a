import type { Plan } from "../engine/plan.ts";
import { hostsAskedAtOnce, makePlan } from "../engine/planner.ts";
import { type Selection, selectSteps } from "../engine/select-steps.ts";
import type { StepId } from "../engine/step.ts";
import { install } from "../plans/install.ts";
import type { OpenedCluster } from "./open-cluster.ts";
import type { OpenedWorld } from "./open-world.ts";

/** Which part of the work is wanted. */
export interface SelectOptions {
  readonly through?: string;
  readonly limit?: readonly string[];
  /** The steps of a saved plan, instead of the others. */
  readonly only?: ReadonlySet<StepId>;
}

/** A plan of what would be done now, with the steps to do it. */
export interface Observed {
  readonly plan: Plan;
  readonly selection: Selection;
}

/** Asks the hosts and plans the install, or the wanted part of it. Changes nothing. */
export async function observe(
  { spec, specDigest }: OpenedCluster,
  world: OpenedWorld,
  { through, limit, only }: SelectOptions,
): Promise<Observed> {
  const { intention, phases, steps } = install(spec);
  const selection = selectSteps(steps, {
    phases,
    hosts: spec.hosts.map((host) => host.name),
    ...(only !== undefined && { only }),
    ...(through !== undefined && { through }),
    ...(limit !== undefined && { limit }),
  });
  const { outside } = selection;
  const hostsAtOnce = Math.max(hostsAskedAtOnce, spec.ssh.maxConnections);
  const plan = await makePlan(selection.steps, world, {
    cluster: spec.name,
    intention,
    specDigest,
    outside,
    hostsAtOnce,
  });
  return { plan, selection };
}
