import type { RunEvent } from "../../src/engine/events.ts";
import type { Journal } from "../../src/engine/journal.ts";
import type { LockOwner } from "../../src/engine/lock-record.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { makePlan, type PlanOptions } from "../../src/engine/planner.ts";
import type { RunOptions, RunResult } from "../../src/engine/run-options.ts";
import { run } from "../../src/engine/runner.ts";
import type { Step, Vault } from "../../src/engine/step.ts";
import type { World } from "../../src/engine/world.ts";
import type { HostName } from "../../src/hosts/port.ts";
import type { Secret } from "../../src/hosts/secret.ts";
import { FakeClock } from "./fake-clock.ts";
import type { FakeHostScript } from "./fake-host-script.ts";
import { type FakeHosts, fakeHosts, fileCommands } from "./fake-hosts.ts";

/** Events in memory. `fails` makes it a full disk. */
class MemoryJournal implements Journal {
  readonly events: RunEvent[] = [];
  fails: Error | undefined;

  append(event: RunEvent): void {
    if (this.fails === undefined) this.events.push(event);
  }

  synced(): Promise<void> {
    return this.fails === undefined ? Promise.resolve() : Promise.reject(this.fails);
  }
}

class MemoryVault implements Vault {
  readonly #values = new Map<string, Secret>();

  read(name: string): Promise<Secret | undefined> {
    return Promise.resolve(this.#values.get(name));
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([...this.#values.keys()].sort());
  }

  write(name: string, value: Secret): Promise<void> {
    this.#values.set(name, value);
    return Promise.resolve();
  }

  remove(name: string): Promise<void> {
    this.#values.delete(name);
    return Promise.resolve();
  }
}

/** A process that is somebody else's, told apart by its pid. */
export function owner(pid: number): LockOwner {
  return { name: "ann@laptop", pid, bootId: "boot", pidNamespace: "pid:[1]", startTicks: "1" };
}

/** Everything needed to plan and run steps against fake hosts, on virtual time. */
export interface EngineRig {
  readonly hosts: FakeHosts;
  readonly clock: FakeClock;
  readonly world: World;
  readonly journal: MemoryJournal;
  /** Pids whose processes have ended. */
  readonly gone: Set<number>;
  plan(steps: readonly Step[], options?: Partial<PlanOptions>): Promise<Plan>;
  run(steps: readonly Step[], plan: Plan, options?: Partial<RunOptions>): Promise<RunResult>;
  /** Plan and run. */
  apply(steps: readonly Step[], options?: Partial<RunOptions>): Promise<RunResult>;
}

export function engineRig(
  hosts: readonly string[] | Readonly<Record<string, FakeHostScript>>,
  more: { readonly base?: FakeHostScript; readonly world?: Partial<World> } = {},
): EngineRig {
  const clock: FakeClock = new FakeClock(() => fake.inFlight.count > 0);
  const base = { ...more.base, runs: [...(more.base?.runs ?? []), ...fileCommands] };
  const fake: FakeHosts = fakeHosts({ hosts, base, now: () => clock.trueTime(), clockSetMs: () => clock.setMs });
  const world: World = { hosts: fake, vault: new MemoryVault(), clock, ...more.world };
  const journal = new MemoryJournal();
  const gone = new Set<number>();
  const names = Array.isArray(hosts) ? (hosts as readonly string[]) : Object.keys(hosts);
  const lockHosts = names.slice(0, 3) as readonly string[] as readonly HostName[];
  const plan: EngineRig["plan"] = (steps, options) =>
    makePlan(steps, world, { cluster: "toy", intention: "install", specDigest: "spec", ...options });
  const runPlan: EngineRig["run"] = (steps, made, options) =>
    run(steps, made, world, {
      run: "run-1",
      by: "ann@laptop",
      version: "0.0.0",
      journal,
      lock: { hosts: lockHosts, owner: owner(1), isGone: ({ pid }) => gone.has(pid) },
      ...options,
    });
  return {
    hosts: fake,
    clock,
    world,
    journal,
    gone,
    plan,
    run: runPlan,
    apply: async (steps, options) => await runPlan(steps, await plan(steps), options),
  };
}
