import { describe, expect, test } from "vitest";
import { engineRig } from "../../test/support/engine-rig.ts";
import { stepId, toyStep } from "../../test/support/toy-steps.ts";
import { exitCodeOfRun } from "./exit-code-of.ts";
import type { HostAct, Impact } from "./step.ts";

function interrupts() {
  const first = new AbortController();
  const second = new AbortController();
  return { first, second, signals: { finishRunning: first.signal, leaveNow: second.signal } };
}

/** A step whose apply takes an hour, unless it is stopped; then it makes its change. */
function slowStep(id: string, rig: ReturnType<typeof engineRig>, started: () => void, impact: Impact = "none") {
  const released: string[] = [];
  const step = toyStep(id, "a", [], {
    impact,
    withinMs: 2 * 60 * 60_000,
    async apply(act: HostAct) {
      started();
      await rig.clock.sleep(60 * 60_000, act.signal);
      await act.change({ kind: "write", path: `/toy/${id}`, content: "done", mode: 0o644 });
    },
    release() {
      released.push(id);
      return Promise.resolve();
    },
  });
  return { step, released };
}

describe("Ctrl-C", () => {
  test("once: finishes what runs, starts nothing, and ends with exit code 130", async () => {
    const rig = engineRig(["a", "b"]);
    const { first, signals } = interrupts();
    const { step, released } = slowStep("slow", rig, () => first.abort());
    const result = await rig.apply([step, toyStep("next", "a", ["slow"]), toyStep("free", "a")], {
      interrupt: signals,
      maxRunning: 1,
    });
    expect(Object.fromEntries(result.outcomes)).toMatchObject({
      slow: { outcome: "applied" },
      next: { outcome: "cancelled" },
      free: { outcome: "cancelled" },
    });
    expect(result).toMatchObject({ interrupted: "finish-running", cancelled: 2, notStarted: 0 });
    expect(released).toEqual([]);
    expect(exitCodeOfRun(result)).toBe(130);
    expect(rig.journal.events.map((one) => one.type)).toContain("run-interrupted");
    expect(rig.journal.events.at(-1)?.type).toBe("run-finished");
  });

  test("does not name steps that nobody planned, though what they come after was changed", async () => {
    const rig = engineRig(["a"]);
    rig.hosts.host("a").files.write("/toy/looked-at-again", { content: "done", mode: 0o644 });
    const { first, signals } = interrupts();
    const { step } = slowStep("slow", rig, () => first.abort());
    const result = await rig.apply([step, toyStep("looked-at-again", "a", ["slow"]), toyStep("open", "a", ["slow"])], {
      interrupt: signals,
    });
    expect(result).toMatchObject({ applied: 1, satisfied: 1, cancelled: 1 });
    const finished = rig.journal.events.flatMap((one) => (one.type === "step-finished" ? [one.step] : []));
    expect(finished).toEqual(["slow", "open"]);
  });

  test("once: does not try a failed apply again", async () => {
    const rig = engineRig(["a"]);
    const { first, signals } = interrupts();
    let tried = 0;
    const step = toyStep("one", "a", [], {
      tries: 5,
      apply() {
        tried += 1;
        first.abort();
        return Promise.reject(new Error("no"));
      },
    });
    await rig.apply([step], { interrupt: signals });
    expect(tried).toBe(1);
  });

  test("twice: stops what runs, gives back what it borrowed and the lock", async () => {
    const rig = engineRig(["a", "b"]);
    const { first, second, signals } = interrupts();
    const { step, released } = slowStep("slow", rig, () => {
      first.abort();
      second.abort();
    });
    const result = await rig.apply([step, toyStep("next", "a", ["slow"])], { interrupt: signals });
    expect(Object.fromEntries(result.outcomes)).toMatchObject({
      slow: { outcome: "cancelled" },
      next: { outcome: "cancelled" },
    });
    expect(result.interrupted).toBe("leave-now");
    expect(released).toEqual(["slow"]);
    expect(result.durationMs).toBeLessThan(60_000);
    expect(rig.hosts.host("a").files.paths()).not.toContain("/var/lib/slipway/toy.lock");
    expect(rig.hosts.host("a").files.text("/toy/slow")).toBeUndefined();
  });

  test("twice: does not wait for a step that will not stop", async () => {
    const rig = engineRig(["a"]);
    const { second, signals } = interrupts();
    const stubborn = toyStep("one", "a", [], {
      apply() {
        second.abort();
        return new Promise(() => undefined);
      },
    });
    const result = await rig.apply([stubborn], { interrupt: signals });
    expect(result.outcomes.get(stepId("one"))).toEqual({ outcome: "cancelled" });
    expect(result.durationMs).toBeLessThanOrEqual(20_000);
  });

  test("twice: lets a membership change end, with the cluster lock in place, and starts nothing after it", async () => {
    for (const impact of ["changes-etcd-membership", "destroys-data"] as const) {
      const rig = engineRig(["a", "b"]);
      const { first, second, signals } = interrupts();
      const lockWas: boolean[] = [];
      const member = toyStep("member", "a", [], {
        impact,
        async apply(act: HostAct) {
          first.abort();
          second.abort();
          await rig.clock.sleep(45_000, act.signal);
          lockWas.push(rig.hosts.host("a").files.paths().includes("/var/lib/slipway/toy.lock/owner.json"));
          await act.change({ kind: "write", path: "/toy/member", content: "done", mode: 0o644 });
        },
      });
      const other = slowStep("other", rig, () => undefined);
      const steps = [member, { ...other.step, on: rig.hosts.host("b").host }, toyStep("next", "a", ["member"])];
      const result = await rig.apply(steps, { interrupt: signals });
      expect(Object.fromEntries(result.outcomes)).toMatchObject({
        member: { outcome: "applied" },
        other: { outcome: "cancelled" },
        next: { outcome: "cancelled" },
      });
      expect(lockWas).toEqual([true]);
      expect(result.interrupted).toBe("leave-now");
      expect(rig.hosts.host("a").files.paths()).not.toContain("/var/lib/slipway/toy.lock");
    }
  });

  test("twice: abandons a membership change that does not end, after the grace it has", async () => {
    for (const impact of ["changes-etcd-membership", "destroys-data"] as const) {
      const rig = engineRig(["a"]);
      const { first, second, signals } = interrupts();
      const { step } = slowStep(
        "member",
        rig,
        () => {
          first.abort();
          second.abort();
        },
        impact,
      );
      const result = await rig.apply([step], { interrupt: signals });
      expect(result.outcomes.get(step.id)).toEqual({ outcome: "cancelled" });
      expect(result.durationMs).toBe(60_000);
      await rig.clock.sleep(2 * 60 * 60_000);
      expect(rig.hosts.host("a").files.text("/toy/member")).toBeUndefined();
    }
  });

  test("before anything runs: starts nothing", async () => {
    const rig = engineRig(["a"]);
    const { first, signals } = interrupts();
    first.abort();
    const result = await rig.apply([toyStep("one", "a")], { interrupt: signals });
    expect(result).toMatchObject({ applied: 0, cancelled: 1, interrupted: "finish-running" });
  });
});

describe("the deadline of a run", () => {
  test("finishes what runs and starts nothing more", async () => {
    const rig = engineRig(["a"]);
    const { step } = slowStep("slow", rig, () => undefined);
    const result = await rig.apply([step, toyStep("next", "a", ["slow"])], { withinMs: 60_000 });
    expect(result.problems.map((one) => one.code)).toEqual(["engine/run-deadline"]);
    expect(result).toMatchObject({ applied: 1, cancelled: 1 });
    expect(exitCodeOfRun(result)).toBe(4);
  });
});
