import fc from "fast-check";
import { expect, test } from "vitest";
import { type EngineRig, engineRig, owner } from "../../test/support/engine-rig.ts";
import { fileFact, lockName, stepId, type ToyStep, toyStep } from "../../test/support/toy-steps.ts";
import type { RunEvent } from "./events.ts";
import type { HostAct } from "./step.ts";

const hostNames = ["a", "b", "c"] as const;

interface Drawn {
  readonly host: (typeof hostNames)[number];
  readonly after: readonly number[];
  readonly lock: number;
  readonly writes: number;
  readonly isThere: boolean;
}

/** Up to 14 steps on three hosts, edges only backwards, some sharing a lock, some already done. */
const anyWork = fc.array(
  fc.record({
    host: fc.constantFrom(...hostNames),
    after: fc.array(fc.nat(20), { maxLength: 3 }),
    lock: fc.nat(3),
    writes: fc.integer({ min: 1, max: 3 }),
    isThere: fc.boolean(),
  }),
  { minLength: 1, maxLength: 14 },
);

/** Writes several files, the one that is checked last: a cut-off apply is seen as not done. */
function stepsOf(work: readonly Drawn[]): ToyStep[] {
  return work.map(({ host, after, lock, writes }, index) => {
    const path = `/toy/s${index}`;
    const locks = lock === 0 ? [] : [lockName(`lock-${lock}`)];
    return toyStep(`s${index}`, host, index === 0 ? [] : after.map((one) => `s${one % index}`), {
      path,
      locks,
      async apply(act: HostAct) {
        for (let part = 1; part < writes; part += 1)
          await act.change({ kind: "write", path: `${path}.part${part}`, content: "part", mode: 0o644 });
        await act.change({ kind: "write", path, content: "done", mode: 0o644 });
      },
    });
  });
}

function rigOf(work: readonly Drawn[], seed: number): EngineRig {
  const files = (host: string) =>
    Object.fromEntries(
      work.flatMap((one, index) => (one.isThere && one.host === host ? [[`/toy/s${index}`, "done"]] : [])),
    );
  let state = seed;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  return engineRig(Object.fromEntries(hostNames.map((host) => [host, { files: files(host) }])), { world: { random } });
}

function endState(rig: EngineRig): unknown {
  return hostNames.map((host) => rig.hosts.host(host).files.contents());
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test("no check changes anything, and after an apply the plan is empty", async () => {
  await fc.assert(
    fc.asyncProperty(anyWork, fc.nat(), async (work, seed) => {
      const rig = rigOf(work, seed);
      const steps = stepsOf(work);
      const plan = await rig.plan(steps);
      expect(rig.hosts.changeCount()).toBe(0);
      const result = await rig.run(steps, plan);
      expect(result.problems).toEqual([]);
      const again = await rig.plan(steps);
      expect(again.steps.filter((step) => step.state !== "satisfied")).toEqual([]);
      for (const step of steps) expect(rig.hosts.host(step.on).files.text(step.path)).toBe("done");
    }),
    { numRuns: 60 },
  );
});

test("a run killed after any change and run again ends as an unbroken one does, without a lock left", async () => {
  await fc.assert(
    fc.asyncProperty(anyWork, fc.nat(), fc.nat(60), async (work, seed, changes) => {
      const unbroken = rigOf(work, seed);
      await unbroken.apply(stepsOf(work));

      const rig = rigOf(work, seed);
      const steps = stepsOf(work);
      const plan = await rig.plan(steps);
      rig.hosts.freezeAfter(changes);
      void rig.run(steps, plan, { lock: { hosts: lockHosts(rig), owner: owner(7), isGone: () => false } });
      await settle();
      rig.hosts.thaw();
      rig.gone.add(7);
      const result = await rig.apply(steps, { run: "run-2" });
      expect(result.problems).toEqual([]);
      expect(endState(rig)).toEqual(endState(unbroken));
      for (const host of hostNames) {
        const locks = rig.hosts
          .host(host)
          .files.paths()
          .filter((path) => path.startsWith("/var/lib/slipway/"));
        expect(locks).toEqual([]);
      }
    }),
    { numRuns: 80 },
  );
});

test("no step starts before all it comes after are done, none beside another that holds its lock or host", async () => {
  await fc.assert(
    fc.asyncProperty(anyWork, fc.nat(), async (work, seed) => {
      const rig = rigOf(work, seed);
      const steps = stepsOf(work);
      const satisfied = new Set(work.flatMap((one, index) => (one.isThere ? [`s${index}`] : [])));
      await rig.apply(steps);
      expectOrder(steps, rig.journal.events, satisfied);
    }),
    { numRuns: 60 },
  );
});

test("none starts after a failure; with continue-on-error all that do not depend on it do", async () => {
  await fc.assert(
    fc.asyncProperty(anyWork, fc.nat(), fc.nat(), fc.boolean(), async (work, seed, bad, goOn) => {
      const fresh = work.map((one) => ({ ...one, isThere: false }));
      const rig = rigOf(fresh, seed);
      const steps = stepsOf(fresh);
      const failing = steps[bad % steps.length];
      if (failing === undefined) return;
      const broken = steps.map((step) =>
        step.id === failing.id ? { ...step, apply: () => Promise.reject(new Error("no")) } : step,
      );
      const result = await rig.apply(broken, { onFailure: goOn ? "continue" : "no-new" });
      expect(result.failed).toEqual([failing.id]);
      const { events } = rig.journal;
      const failedAt = events.findIndex((event) => event.type === "step-finished" && event.outcome === "failed");
      const behind = dependentsOf(failing.id, steps);
      for (const [index, event] of events.entries()) {
        if (event.type !== "step-started") continue;
        expect(behind.has(event.step)).toBe(false);
        if (!goOn) expect(index).toBeLessThan(failedAt);
      }
      for (const id of behind)
        expect(result.outcomes.get(stepId(id))).toEqual({ outcome: "not-started", root: failing.id });
      if (goOn) expect(result.applied).toBe(steps.length - 1 - behind.size);
      expect(result.outcomes.size).toBe(steps.length);
    }),
    { numRuns: 80 },
  );
});

test("12,000 steps on 5,000 hosts run within the limits, with no host or lock held twice", async () => {
  const names = Array.from({ length: 5000 }, (_, index) => `h${index}`);
  let running = 0;
  let most = 0;
  const applied = (path: string) => async (act: HostAct) => {
    running += 1;
    most = Math.max(most, running);
    await act.change({ kind: "write", path, content: "done", mode: 0o644 });
    running -= 1;
  };
  const steps = names.flatMap((host, index) => {
    const first = toyStep(`one/${host}`, host, [], { path: "/toy/one", apply: applied("/toy/one") });
    const locks = index % 10 === 0 ? [lockName("rollout")] : [];
    const more = { path: "/toy/two", locks, apply: applied("/toy/two") };
    const second = toyStep(`two/${host}`, host, [`one/${host}`], more);
    const third = { path: "/toy/three", apply: applied("/toy/three") };
    return index < 2000 ? [first, second, toyStep(`three/${host}`, host, [`two/${host}`], third)] : [first, second];
  });
  expect(steps).toHaveLength(12_000);
  const rig = engineRig(names);
  const result = await rig.apply(steps);
  expect(result).toMatchObject({ applied: 12_000, problems: [] });
  expect(most).toBeLessThanOrEqual(64);
  // The plan costs a round trip per host; each step one for its check, one for its change and one for its verification.
  expect(rig.hosts.usage().roundTrips).toBeLessThan(5000 + 3 * 12_000 + 100);
}, 120_000);

test("facts of a host cost one round trip, however many hosts and steps there are", async () => {
  const names = Array.from({ length: 500 }, (_, index) => `h${index}`);
  const rig = engineRig(names, { base: { files: { "/toy/x": "done" } } });
  const steps = names.flatMap((host) =>
    [1, 2, 3].map((part) =>
      toyStep(`${host}.${part}`, host, [], { path: "/toy/x", check: toyStep("x", host, [], { path: "/toy/x" }).check }),
    ),
  );
  const plan = await rig.plan(steps);
  expect(plan.steps.every((step) => step.state === "satisfied")).toBe(true);
  expect(rig.hosts.usage()).toEqual({ connections: 500, roundTrips: 500 });
  expect(fileFact("/toy/x").reads).toHaveLength(1);
});

function lockHosts(rig: EngineRig) {
  return hostNames.map((host) => rig.hosts.host(host).host);
}

function dependentsOf(root: string, steps: readonly ToyStep[]): Set<string> {
  const behind = new Set<string>();
  for (const step of steps) if (step.after.some((id) => id === root || behind.has(id))) behind.add(step.id);
  return behind;
}

function expectOrder(steps: readonly ToyStep[], events: readonly RunEvent[], satisfied: ReadonlySet<string>): void {
  const byId = new Map(steps.map((step) => [String(step.id), step]));
  const done = new Set<string>(satisfied);
  const running = new Set<string>();
  const thingsOf = (id: string) => {
    const step = byId.get(id);
    return [`host ${step?.on}`, ...(step?.locks ?? [])];
  };
  for (const event of events) {
    if (event.type === "step-started") {
      for (const id of byId.get(event.step)?.after ?? []) expect(done).toContain(id);
      const taken = [...running].flatMap(thingsOf);
      for (const thing of thingsOf(event.step)) expect(taken).not.toContain(thing);
      running.add(event.step);
    }
    if (event.type === "step-finished") {
      running.delete(event.step);
      done.add(event.step);
    }
  }
  expect(running.size).toBe(0);
}
