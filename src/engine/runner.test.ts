import { describe, expect, test } from "vitest";
import { engineRig, owner } from "../../test/support/engine-rig.ts";
import { fileFact, lockName, stepId, toyStep } from "../../test/support/toy-steps.ts";
import { Secret } from "../hosts/secret.ts";
import { ProblemError } from "../problems/problem.ts";
import { takeClusterLock } from "./cluster-lock.ts";
import { exitCodeOfRun } from "./exit-code-of.ts";

const failing = (id: string, on: string, after: readonly string[] = []) =>
  toyStep(id, on, after, {
    apply: () =>
      Promise.reject(new ProblemError({ code: "host/command-failed", severity: "error", message: `${id} failed` })),
  });

describe("a run", () => {
  test("applies what is needed in order, and a second one has nothing to do", async () => {
    const rig = engineRig(["a", "b"]);
    const steps = [toyStep("two", "b", ["one"]), toyStep("one", "a"), toyStep("three", "a", ["two"])];
    const result = await rig.apply(steps);
    expect(result).toMatchObject({ applied: 3, failed: [], problems: [] });
    expect([...result.outcomes.keys()]).toEqual(["one", "two", "three"]);
    expect(exitCodeOfRun(result)).toBe(0);

    const before = rig.hosts.changeCount();
    const plan = await rig.plan(steps);
    expect(plan.steps.map((step) => step.state)).toEqual(["satisfied", "satisfied", "satisfied"]);
    const again = await rig.run(steps, plan);
    expect(again).toMatchObject({ applied: 0, satisfied: 3 });
    expect(rig.hosts.changeCount()).toBe(before);
  });

  test("lets steps that wait for the same lock go first where a step yields, once", async () => {
    const rig = engineRig(["a", "b", "c"]);
    const locks = [lockName("rollout")];
    const yielding = (id: string, on: string) => {
      const step = toyStep(id, on, [], { locks });
      return { ...step, check: async (look: never) => ({ ...(await step.check(look)), yields: true }) as never };
    };
    const steps = [yielding("one", "a"), toyStep("two", "b", [], { locks }), yielding("three", "c")];
    const result = await rig.apply(steps);
    expect([...result.outcomes.keys()]).toEqual(["two", "three", "one"]);
    expect(result).toMatchObject({ applied: 3, failed: [] });
    const started = rig.journal.events.flatMap((event) => (event.type === "step-started" ? [event.step] : []));
    expect(started).toEqual(["two", "three", "one"]);
  });

  test("lets a step go first whose host is busy, and that does not wait for the lock yet", async () => {
    const rig = engineRig(["a", "b"]);
    const locks = [lockName("rollout")];
    const step = toyStep("yields", "a", [], { locks });
    const yields = { ...step, check: async (look: never) => ({ ...(await step.check(look)), yields: true }) as never };
    const busy = toyStep("busy", "b", [], {
      async apply(act) {
        await rig.clock.sleep(60_000, act.signal);
        await act.change({ kind: "write", path: "/toy/busy", content: "done", mode: 0o644 });
      },
    });
    const result = await rig.apply([busy, yields, toyStep("follows", "b", [], { locks })]);
    expect([...result.outcomes.keys()]).toEqual(["busy", "follows", "yields"]);
    expect(result.failed).toEqual([]);
  });

  test("leaves no lock behind, after success and after failure", async () => {
    const rig = engineRig(["a", "b", "c"]);
    await rig.apply([toyStep("one", "a")]);
    await rig.apply([failing("two", "b")]);
    for (const host of rig.hosts.used())
      expect(host.files.paths().filter((path) => path.startsWith("/var/lib/slipway/"))).toEqual([]);
  });

  test("writes step-started to the journal before the first command, and every command before it runs", async () => {
    const rig = engineRig(["a"]);
    rig.hosts.onOperation = (operation) => {
      if (operation.kind !== "change" || operation.change.kind !== "write") return;
      if (!operation.change.path.startsWith("/toy")) return;
      expect(rig.journal.events.map((event) => event.type)).toEqual([
        "run-started",
        "step-started",
        "step-changes",
        "step-command",
      ]);
    };
    const result = await rig.apply([toyStep("one", "a")]);
    expect(result.applied).toBe(1);
    expect(rig.journal.events.find((event) => event.type === "step-command")).toMatchObject({
      host: "a",
      shown: "write /toy/one (0644, 4 bytes)",
    });
    expect(rig.journal.events.at(-1)).toMatchObject({ type: "run-finished", applied: 1, failed: [] });
  });

  test("starts nothing new after a failure, and says which failure kept each step from starting", async () => {
    const rig = engineRig(["a", "b"]);
    const steps = [failing("bad", "a"), toyStep("after-bad", "a", ["bad"]), toyStep("later", "a")];
    const result = await rig.apply(steps, { maxRunning: 1 });
    expect(Object.fromEntries(result.outcomes)).toMatchObject({
      bad: { outcome: "failed", problem: { code: "host/command-failed", where: { step: "bad", host: "a" } } },
      "after-bad": { outcome: "not-started", root: "bad" },
      later: { outcome: "not-started", root: "bad" },
    });
    expect(result.notStarted).toBe(2);
    expect(exitCodeOfRun(result)).toBe(4);
  });

  test("goes on with independent steps after a failure when told to", async () => {
    const rig = engineRig(["a", "b"]);
    const steps = [failing("bad", "a"), toyStep("after-bad", "b", ["bad"]), toyStep("free", "b")];
    const result = await rig.apply(steps, { onFailure: "continue" });
    expect(result.outcomes.get(stepId("free"))).toMatchObject({ outcome: "applied" });
    expect(result.outcomes.get(stepId("after-bad"))).toEqual({ outcome: "not-started", root: "bad" });
  });

  test("refuses a plan with a refused step before anything is changed", async () => {
    const rig = engineRig(["a"]);
    const problem = { code: "etcd/quorum-at-risk", severity: "error", message: "no" } as const;
    const steps = [toyStep("one", "a"), toyStep("no", "a", [], { check: async () => ({ state: "refused", problem }) })];
    await expect(rig.apply(steps)).rejects.toMatchObject({ problem: { code: "etcd/quorum-at-risk" } });
    expect(rig.hosts.changeCount()).toBe(0);
  });

  test("leaves an unreachable host alone and names it, when told to go on", async () => {
    const rig = engineRig(["a", "b"]);
    rig.hosts.host("b").unreachable = true;
    const steps = [toyStep("b1", "b"), toyStep("b2", "b"), toyStep("a1", "a"), toyStep("a2", "a", ["b2"])];
    const plan = await rig.plan(steps);
    expect(plan.unreachable).toMatchObject([{ host: "b", problem: { code: "ssh/unreachable" } }]);
    await expect(rig.run(steps, plan)).rejects.toThrow("ssh/unreachable");
    const lock = { hosts: [], owner: owner(1), isGone: () => false };
    const onA = { ...lock, hosts: [rig.hosts.host("a").host] };
    const result = await rig.run(steps, plan, { onFailure: "continue", lock: onA });
    expect(Object.fromEntries(result.outcomes)).toMatchObject({
      b1: { outcome: "failed", problem: { code: "ssh/unreachable" } },
      b2: { outcome: "not-started", root: "b1" },
      a1: { outcome: "applied" },
      a2: { outcome: "not-started", root: "b1" },
    });
    expect(exitCodeOfRun(result)).toBe(4);
  });

  test.each([
    ["before its first change", 0, 5],
    ["after its first change", 1, 4],
  ])("calls a run that lost its host %s by what was done", async (_title, changes, code) => {
    const rig = engineRig(["a"]);
    const step = toyStep("one", "a", [], {
      async apply(act) {
        for (let change = 0; change < changes; change += 1)
          await act.change({ kind: "write", path: `/toy/part-${change}`, content: "done", mode: 0o644 });
        rig.hosts.host("a").unreachable = true;
        await act.fact(fileFact("/toy/one"));
      },
    });
    const result = await rig.apply([step]);
    expect(result).toMatchObject({ applied: 0, changing: changes, problems: [{ code: "ssh/unreachable" }, {}] });
    expect(exitCodeOfRun(result)).toBe(code);
  });

  test("never lets two steps hold one lock, nor two run on one host", async () => {
    const rig = engineRig(["a", "b", "c", "d"]);
    const running = new Set<string>();
    let most = 0;
    const steps = ["a", "b", "c", "d"].flatMap((host) =>
      [1, 2].map((number) =>
        toyStep(`${host}${number}`, host, [], {
          ...(number === 1 && { locks: [lockName("one-at-a-time")] }),
          async apply(act) {
            const mine = [`host ${host}`, ...(number === 1 ? ["lock"] : [])];
            for (const one of mine) expect(running.has(one)).toBe(false);
            for (const one of mine) running.add(one);
            most = Math.max(most, running.size);
            await act.change({ kind: "write", path: `/toy/${host}${number}`, content: "done", mode: 0o644 });
            for (const one of mine) running.delete(one);
          },
        }),
      ),
    );
    const result = await rig.apply(steps);
    expect(result.applied).toBe(8);
    expect(most).toBeGreaterThan(2);
  });

  test("reports a condition that does not hold in time as unverified, with its last reason", async () => {
    const rig = engineRig(["a"]);
    const never = { title: "x to be so", everyMs: 1000, withinMs: 60_000 };
    let asked = 0;
    const step = toyStep("one", "a", [], {
      verify: [
        {
          ...never,
          holds: () => {
            asked += 1;
            return Promise.resolve({ state: "not-yet", because: `asked ${Math.ceil(asked / 30)}` } as const);
          },
        },
      ],
    });
    const result = await rig.apply([step]);
    expect(result.outcomes.get(step.id)).toMatchObject({
      outcome: "unverified",
      problem: { code: "engine/not-verified", because: "asked 3; the limit is 60 s" },
    });
    expect(asked).toBe(61);
    expect(rig.journal.events.filter((event) => event.type === "step-waiting")).toHaveLength(3);
    expect(exitCodeOfRun(result)).toBe(6);
  });

  test("stops waiting at once when a condition can never hold", async () => {
    const rig = engineRig(["a"]);
    const problem = { code: "etcd/corrupt", severity: "error", message: "the data is gone" } as const;
    const step = toyStep("one", "a", [], {
      verify: [
        { title: "slow", everyMs: 1000, withinMs: 600_000, holds: async () => ({ state: "not-yet", because: "slow" }) },
        { title: "dead", everyMs: 1000, withinMs: 600_000, holds: async () => ({ state: "never", problem }) },
      ],
    });
    const result = await rig.apply([step]);
    expect(result.outcomes.get(step.id)).toMatchObject({ outcome: "failed", problem: { code: "etcd/corrupt" } });
    expect(result.durationMs).toBe(0);
  });

  test("tries apply as often as the step says, checking before each, and not more", async () => {
    const rig = engineRig(["a"]);
    rig.hosts.host("a").fault({ how: "fail", on: isToyWrite, times: 2 });
    const result = await rig.apply([toyStep("one", "a", [], { tries: 3 }), toyStep("two", "a", ["one"])]);
    expect(result.applied).toBe(2);
    expect(startsOf(rig.journal.events, "one")).toEqual([1, 2, 3]);

    const other = engineRig(["a"]);
    other.hosts.host("a").fault({ how: "fail", on: isToyWrite });
    const once = await other.apply([toyStep("one", "a")]);
    expect(once.failed).toEqual(["one"]);
    expect(startsOf(other.journal.events, "one")).toEqual([1]);
  });

  test("gives back what was borrowed on failure, and says so when it cannot", async () => {
    const rig = engineRig(["a"]);
    const step = {
      ...failing("bad", "a"),
      release: async (act: Parameters<NonNullable<ReturnType<typeof toyStep>["release"]>>[0]) => {
        await act.change({ kind: "remove", path: "/toy/borrowed" });
      },
    };
    const result = await rig.apply([step]);
    expect(result.problems.map((one) => one.code)).toEqual(["host/command-failed"]);
    expect(rig.hosts.host("a").changes).toContainEqual({ kind: "remove", path: "/toy/borrowed" });

    rig.hosts.host("a").fault({
      how: "fail",
      on: (operation) => operation.kind === "change" && operation.change.kind === "remove",
    });
    const again = await rig.apply([step]);
    expect(again.problems.map((one) => one.code)).toEqual(["host/command-failed", "engine/release-failed"]);
    expect(rig.journal.events.findLast((event) => event.type === "step-finished")).toMatchObject({
      outcome: "failed",
      releaseProblem: { code: "engine/release-failed" },
    });
  });

  test("gives up on an apply that does not end, though it ignores being told to stop", async () => {
    const rig = engineRig(["a"]);
    const step = toyStep("one", "a", [], { withinMs: 60_000, apply: () => new Promise(() => undefined) });
    const result = await rig.apply([step]);
    expect(result.outcomes.get(step.id)).toMatchObject({ outcome: "failed", problem: { code: "engine/deadline" } });
  });

  test("takes the hands away from an apply that was given up on", async () => {
    const rig = engineRig(["a"]);
    let goOn: () => void = () => undefined;
    let late: Promise<unknown> = Promise.resolve();
    const step = toyStep("one", "a", [], {
      withinMs: 60_000,
      apply(act) {
        late = new Promise<void>((resolve) => {
          goOn = resolve;
        }).then(() => act.change({ kind: "write", path: "/toy/late", content: "", mode: 0o644 }));
        late.catch(() => undefined);
        return new Promise(() => undefined);
      },
    });
    await rig.apply([step]);
    goOn();
    await expect(late).rejects.toThrow();
    expect(rig.hosts.host("a").files.get("/toy/late")).toBeUndefined();
  });

  test("reports anything thrown that is not a problem as a bug", async () => {
    const rig = engineRig(["a"]);
    const result = await rig.apply([toyStep("one", "a", [], { apply: () => Promise.reject(new TypeError("oops")) })]);
    expect(result.problems).toMatchObject([{ code: "engine/bug" }]);
    expect(exitCodeOfRun(result)).toBe(1);
  });

  test("calls a step that is still unknown when its turn comes a missing dependency", async () => {
    const rig = engineRig(["a"]);
    const step = toyStep("one", "a", [], {
      check: async () => ({ state: "unknown", until: stepId("other"), because: "the package is not there" }),
    });
    const result = await rig.apply([step]);
    expect(result.problems).toMatchObject([{ code: "engine/missing-dependency" }]);
    const problem = { code: "kubernetes/api-silent", severity: "error", message: "who was to say it is away" } as const;
    const waiting = toyStep("one", "a", [], {
      check: async () => ({ state: "unknown", until: stepId("other"), because: "nobody says", problem }),
    });
    expect((await rig.apply([waiting])).problems).toMatchObject([
      { code: "kubernetes/api-silent", where: { step: "one" } },
    ]);
  });

  test("checks a satisfied step again when what it rests on was changed, and mends it", async () => {
    const rig = engineRig({ a: { files: { "/toy/two": "done", "/toy/three": "done" } } });
    const breaking = toyStep("one", "a", [], {
      async apply(act) {
        await act.change({ kind: "write", path: "/toy/one", content: "done", mode: 0o644 });
        await act.change({ kind: "remove", path: "/toy/three" });
      },
    });
    const steps = [breaking, toyStep("two", "a", ["one"]), toyStep("three", "a", ["two"]), toyStep("four", "a")];
    const result = await rig.apply(steps);
    expect(Object.fromEntries(result.outcomes)).toMatchObject({
      one: { outcome: "applied" },
      two: { outcome: "satisfied" },
      three: { outcome: "applied" },
    });
    expect(rig.journal.events.find((one) => one.type === "step-started" && one.step === "three")).toMatchObject({
      summary: { title: "Write /toy/three on a" },
    });
  });

  test("does not ask again for satisfied steps that nothing has touched", async () => {
    const rig = engineRig({ a: {}, b: { files: { "/toy/b": "done" } } });
    const steps = [toyStep("a", "a"), toyStep("b", "b")];
    const plan = await rig.plan(steps);
    const lock = { hosts: [rig.hosts.host("a").host], owner: owner(1), isGone: () => false };
    await rig.run(steps, plan, { lock });
    expect(rig.hosts.host("b").roundTrips).toBe(1);
  });

  test("never does unseen what cannot be taken back, though it would do anything else that has come undone", async () => {
    for (const impact of ["changes-etcd-membership", "destroys-data", "evicts-pods"] as const) {
      const rig = engineRig(["a"]);
      const first = toyStep("first", "a");
      const second = toyStep("second", "a", ["first"], { impact });
      await rig.apply([first, second]);
      rig.hosts.host("a").files.remove("/toy/first", false);
      const plan = await rig.plan([first, second]);
      expect(plan.steps.map((step) => step.state)).toEqual(["needed", "satisfied"]);
      rig.hosts.host("a").files.remove("/toy/second", false);
      const result = await rig.run([first, second], plan);
      if (impact === "evicts-pods") {
        expect(result).toMatchObject({ applied: 2, problems: [] });
        continue;
      }
      expect(result.outcomes.get(second.id)).toMatchObject({ problem: { code: "plan/changed-since" } });
      expect(rig.hosts.host("a").files.text("/toy/second")).toBeUndefined();
    }
  });

  test("carries out a saved plan exactly, or fails the step before its first change", async () => {
    const rig = engineRig(["a"]);
    const step = toyStep("one", "a");
    const plan = await rig.plan([step]);
    rig.hosts.host("a").files.write("/toy/one", "something else");
    const result = await rig.run([step], plan, { exactly: true });
    expect(result.problems).toMatchObject([{ code: "plan/changed-since", because: "update file /toy/one" }]);
    expect(rig.hosts.host("a").files.text("/toy/one")).toBe("something else");
    expect((await rig.run([step], plan)).applied).toBe(1);
  });

  test("allows a saved plan what it called unknown, and what the run itself has changed", async () => {
    const rig = engineRig(["a"]);
    const first = toyStep("one", "a", [], {
      async apply(act) {
        await act.change({ kind: "write", path: "/toy/one", content: "done", mode: 0o644 });
        await act.change({ kind: "write", path: "/toy/two", content: "a default", mode: 0o644 });
      },
    });
    const plain = toyStep("three", "a", ["one"]);
    const one = fileFact("/toy/one");
    const third = toyStep("three", "a", ["one"], {
      check: async (look) =>
        (await look.fact(one)) === undefined
          ? { state: "unknown", until: stepId("one"), because: "one is not there" }
          : await plain.check(look),
    });
    const steps = [first, toyStep("two", "a", ["one"]), third];
    const plan = await rig.plan(steps);
    expect(plan.steps.map((step) => step.state)).toEqual(["needed", "needed", "unknown"]);
    expect(await rig.run(steps, plan, { exactly: true })).toMatchObject({ applied: 3, problems: [] });
  });

  test("with nothing to do, leaves a lock alone unless its run was killed", async () => {
    const rig = engineRig(["a"]);
    const step = toyStep("one", "a");
    await rig.apply([step]);
    const roundTrips = rig.hosts.host("a").roundTrips;
    await rig.apply([step]);
    expect(rig.hosts.host("a").roundTrips - roundTrips).toBe(2);
    const held = { hosts: [rig.hosts.host("a").host], owner: owner(7), isGone: () => false };
    await takeClusterLock("toy", "run-7", rig.world, held, () => undefined);
    await rig.apply([step]);
    expect(rig.hosts.host("a").files.paths()).toContain("/var/lib/slipway/toy.lock/owner.json");
    rig.gone.add(7);
    await rig.apply([step]);
    expect(rig.hosts.host("a").files.paths()).not.toContain("/var/lib/slipway/toy.lock");
  });

  test("refuses to run a plan of other steps", async () => {
    const rig = engineRig(["a"]);
    const plan = await rig.plan([toyStep("one", "a")]);
    await expect(rig.run([toyStep("two", "a")], plan)).rejects.toThrow("plan/changed-since");
  });

  test("says no secret in any event", async () => {
    const rig = engineRig(["a"], {
      base: { runs: [{ argv: ["passwd"], answer: "" }] },
      world: { mask: (text) => text.replaceAll("planted-word", "***") },
    });
    const step = toyStep("one", "a", [], {
      async apply(act) {
        await act.change({ kind: "write", path: "/toy/key", content: new Secret("planted-key"), mode: 0o600 });
        await act.change({ kind: "write", path: "/toy/one", content: "done", mode: 0o600 });
        await act.change({ kind: "run", argv: ["passwd", "planted-word"], stdin: new Secret("planted-stdin") });
        await act.vault.write("one", new Secret("planted-vault"));
        act.say("it is planted-word");
      },
    });
    expect((await rig.apply([step])).applied).toBe(1);
    const said = JSON.stringify(rig.journal.events);
    expect(said).not.toContain("planted");
    expect(said).toContain("passwd *** < (standard input not shown)");
  });

  test("starts nothing once the journal cannot be written, and still gives the lock back", async () => {
    const rig = engineRig(["a", "b"]);
    const full = new ProblemError({ code: "state/cannot-write", severity: "error", message: "the disk is full" });
    const steps = [toyStep("one", "a"), toyStep("two", "b", ["one"]), toyStep("three", "b")];
    rig.hosts.onOperation = (operation) => {
      if (isToyWrite(operation)) rig.journal.fails = full;
    };
    const result = await rig.apply(steps, { onFailure: "continue", maxRunning: 1 });
    expect(result.problems.map((one) => one.code)).toContain("state/cannot-write");
    expect(result.applied).toBe(1);
    expect(
      rig.hosts
        .host("a")
        .files.paths()
        .filter((path) => path.includes("slipway/")),
    ).toEqual([]);
  });
});

function isToyWrite(operation: { kind: string; change?: { kind: string; path?: string } }): boolean {
  return operation.kind === "change" && operation.change?.path?.startsWith("/toy/") === true;
}

function startsOf(events: readonly { type: string }[], step: string): number[] {
  return events.flatMap((event) =>
    event.type === "step-started" && "step" in event && event.step === step && "attempt" in event
      ? [event.attempt as number]
      : [],
  );
}
