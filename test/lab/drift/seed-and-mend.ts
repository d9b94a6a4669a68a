import type { Ended } from "../../../bench/kill/work-folder.ts";
import type { Plan } from "../../../src/engine/plan.ts";
import { changedStates, everywhere, type Snapshot, touched } from "./machine-snapshot.ts";

/** A cluster whose drifts are to be found: how it is looked at, and Slipway on it. */
export interface Watched {
  readonly snapshots: () => Promise<ReadonlyMap<string, Snapshot>>;
  readonly plan: () => Promise<Plan>;
  readonly apply: () => Promise<Ended>;
}

/** What was found around changes that somebody made behind Slipway's back. */
export interface Mended {
  readonly plan: Plan;
  readonly applied: Ended;
  readonly whatApplyTouched: readonly string[];
  readonly notAsBefore: readonly string[];
  readonly planAfterwards: Plan;
}

/** Makes changes behind Slipway's back by `seed`, plans, applies and plans again. */
export async function seedAndMend({ snapshots, plan, apply }: Watched, seed: () => Promise<void>): Promise<Mended> {
  const before = await snapshots();
  await seed();
  const planned = await plan();
  const seeded = await snapshots();
  const applied = await apply();
  const after = await snapshots();
  return {
    plan: planned,
    applied,
    whatApplyTouched: everywhere(seeded, after, touched),
    notAsBefore: everywhere(before, after, changedStates),
    planAfterwards: await plan(),
  };
}
