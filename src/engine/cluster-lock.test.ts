import { describe, expect, test } from "vitest";
import { type EngineRig, engineRig, owner } from "../../test/support/engine-rig.ts";
import { toyStep } from "../../test/support/toy-steps.ts";
import { type ClusterLock, clearDeadLock, lockPath, takeClusterLock } from "./cluster-lock.ts";

const path = lockPath("toy");

function take(rig: EngineRig, run: string, pid: number, said: string[] = []): Promise<ClusterLock> {
  const hosts = ["a", "b", "c"].map((name) => rig.hosts.host(name).host);
  const isGone = ({ pid: one }: { pid: number }) => rig.gone.has(one);
  return takeClusterLock("toy", run, rig.world, { hosts, owner: owner(pid), isGone }, (text) => said.push(text));
}

function left(rig: EngineRig): string[] {
  return rig.hosts.used().flatMap((host) => host.files.paths().filter((one) => one.startsWith(path)));
}

/** Lets everything that does not wait for time go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("the cluster lock", () => {
  test("is refused to a second run, which is told who holds it, since when and until when", async () => {
    const rig = engineRig(["a", "b", "c"]);
    const lock = await take(rig, "run-1", 1);
    await expect(take(rig, "run-2", 2)).rejects.toMatchObject({
      problem: {
        code: "engine/locked",
        because: expect.stringMatching(
          /^ann@laptop \(pid 1\) has held it for run run-1 since 2026-01-01T00:00:00.000Z; on a it lasts until 2026-01-01T00:05:00/,
        ),
      },
    });
    expect(await lock.release()).toEqual([]);
    expect(left(rig)).toEqual([]);
    await (await take(rig, "run-3", 3)).release();
  });

  test("goes to exactly one of several runs that start at the same moment", async () => {
    const rig = engineRig(["a", "b", "c"]);
    const tries = await Promise.allSettled([1, 2, 3, 4].map((pid) => take(rig, `run-${pid}`, pid)));
    expect(tries.filter((one) => one.status === "fulfilled")).toHaveLength(1);
    for (const one of tries) if (one.status === "fulfilled") await one.value.release();
    expect(left(rig)).toEqual([]);
  });

  test("is renewed for as long as it is held", async () => {
    const rig = engineRig(["a", "b", "c"]);
    const lock = await take(rig, "run-1", 1);
    await rig.clock.sleep(60 * 60_000);
    expect(lock.lost.aborted).toBe(false);
    await expect(take(rig, "run-2", 2)).rejects.toThrow("engine/locked");
    await lock.release();
  });

  test("costs one question to each host to be cleared of a dead run's, when there is none", async () => {
    const rig = engineRig(["a", "b", "c"]);
    const hosts = ["a", "b", "c"].map((name) => rig.hosts.host(name).host);
    await clearDeadLock("toy", "run-1", rig.world, { hosts, owner: owner(1), isGone: () => true });
    expect(rig.hosts.used().map((host) => [host.roundTrips, host.reads.length])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(rig.hosts.changeCount()).toBe(0);
  });

  test("is cleared of a run that was killed, and not of one that may be alive", async () => {
    const rig = engineRig(["a", "b", "c"]);
    await take(rig, "run-1", 1);
    const hosts = ["a", "b", "c"].map((name) => rig.hosts.host(name).host);
    const clear = () =>
      clearDeadLock("toy", "run-2", rig.world, { hosts, owner: owner(2), isGone: ({ pid }) => rig.gone.has(pid) });
    await clear();
    expect(left(rig)).not.toEqual([]);
    rig.gone.add(1);
    await clear();
    expect(left(rig)).toEqual([]);
  });

  test("is taken over at once from a process that has ended", async () => {
    const rig = engineRig(["a", "b", "c"]);
    await take(rig, "run-1", 1);
    rig.gone.add(1);
    const said: string[] = [];
    const lock = await take(rig, "run-2", 2, said);
    expect(said).toEqual(
      ["a", "b", "c"].map(
        (host) => `the cluster lock on ${host} is taken over from run run-1 of ann@laptop, whose process has ended`,
      ),
    );
    await lock.release();
    expect(left(rig)).toEqual([]);
  });

  test("is taken over by exactly one of several, though all see it is stale", async () => {
    const rig = engineRig(["a", "b", "c"]);
    await take(rig, "run-1", 1);
    rig.gone.add(1);
    const tries = await Promise.allSettled([2, 3, 4].map((pid) => take(rig, `run-${pid}`, pid)));
    expect(tries.filter((one) => one.status === "fulfilled")).toHaveLength(1);
  });

  test("is taken over when it has expired by the host's clock, and not before", async () => {
    const rig = engineRig({ a: { clockOffsetSeconds: 3600 }, b: { clockOffsetSeconds: -3600 }, c: {} });
    const dead = engineRig([]);
    const hosts = ["a", "b", "c"].map((name) => rig.hosts.host(name).host);
    // Its clock never moves, so it never renews: a laptop that was closed.
    dead.clock.stop();
    const asleep = { ...rig.world, clock: dead.clock };
    await takeClusterLock("toy", "run-1", asleep, { hosts, owner: owner(1), isGone: () => false }, () => undefined);
    rig.clock.advance(4 * 60_000);
    await expect(take(rig, "run-2", 2)).rejects.toThrow("engine/locked");
    rig.clock.advance(2 * 60_000);
    const said: string[] = [];
    await take(rig, "run-3", 3, said);
    expect(said[0]).toMatch(/a is taken over from run run-1 of ann@laptop, which has not renewed it since/);
  });

  test("is lost when the majority of its hosts can no longer be reached, before anybody else can take it", async () => {
    const rig = engineRig(["a", "b", "c"]);
    const lock = await take(rig, "run-1", 1);
    rig.hosts.host("a").unreachable = true;
    await rig.clock.sleep(20 * 60_000);
    expect(lock.lost.aborted).toBe(false);
    rig.hosts.host("b").unreachable = true;
    const since = rig.clock.now().getTime();
    await new Promise((resolve) => lock.lost.addEventListener("abort", resolve));
    expect(rig.clock.now().getTime() - since).toBeLessThanOrEqual(6 * 60_000);
    expect(lock.lost.reason).toMatchObject({ problem: { code: "engine/lock-lost" } });
  });

  test.each([
    ["forward and corrected again", [3_600_000, -3_600_000]],
    ["back and corrected again", [-3_600_000, 3_600_000]],
  ])("is kept, and nobody else's, while this computer's clock is set %s", async (_title, steps) => {
    const rig = engineRig(["a", "b", "c"]);
    const lock = await take(rig, "run-1", 1);
    for (const ms of [0, ...steps]) {
      rig.clock.set(ms);
      expect(() => lock.requireKept()).not.toThrow();
      await rig.clock.sleep(2 * 60_000);
      await expect(take(rig, "run-2", 2)).rejects.toThrow("engine/locked");
      const { until } = JSON.parse(rig.hosts.host("a").files.text(`${path}/owner.json`) ?? "{}");
      const leftMs = Date.parse(until) - rig.clock.trueTime().getTime();
      expect(leftMs).toBeGreaterThan(3 * 60_000);
      expect(leftMs).toBeLessThanOrEqual(5 * 60_000);
    }
    expect(lock.lost.aborted).toBe(false);
    await lock.release();
  });

  test("is lost when another has taken it over", async () => {
    const rig = engineRig(["a", "b", "c"]);
    const lock = await take(rig, "run-1", 1);
    rig.gone.add(1);
    await take(rig, "run-2", 2);
    await new Promise((resolve) => lock.lost.addEventListener("abort", resolve));
    await lock.release();
    expect(rig.hosts.host("a").files.text(`${path}/owner.json`)).toContain('"run":"run-2"');
  });

  test("needs a majority of its hosts", async () => {
    const rig = engineRig(["a", "b", "c"]);
    rig.hosts.host("b").unreachable = true;
    const said: string[] = [];
    const lock = await take(rig, "run-1", 1, said);
    expect(said).toEqual(["the cluster lock is not taken on b: b: no connection"]);
    await lock.release();
    rig.hosts.host("c").unreachable = true;
    await expect(take(rig, "run-2", 2)).rejects.toMatchObject({
      problem: {
        code: "engine/lock-hosts-unreachable",
        because: expect.stringContaining("1 of 3 lock hosts (a, b, c) answer, 2 are needed"),
      },
    });
    rig.hosts.host("b").unreachable = false;
    rig.hosts.host("c").unreachable = false;
    expect(left(rig)).toEqual([]);
  });

  test("is had again by the next run wherever a run is killed while it takes, holds or gives back the lock", async () => {
    // Take and give back on three hosts are 9 changes: mkdir, mkdir -p, mkdir, write, remove on the first time.
    for (let changes = 0; changes <= 20; changes += 1) {
      const rig = engineRig(["a", "b", "c"]);
      rig.hosts.freezeAfter(changes);
      void take(rig, "run-1", 1).then((lock) => lock.release());
      await settle();
      rig.gone.add(1);
      rig.hosts.thaw();
      const lock = await take(rig, "run-2", 2);
      expect(await lock.release()).toEqual([]);
      expect(left(rig)).toEqual([]);
    }
  });

  test("is had again after a run is killed in the middle of a takeover", async () => {
    for (let changes = 0; changes <= 12; changes += 1) {
      const rig = engineRig(["a", "b", "c"]);
      await take(rig, "run-1", 1);
      rig.gone.add(1);
      rig.hosts.freezeAfter(changes);
      void take(rig, "run-2", 2);
      await settle();
      rig.gone.add(2);
      rig.hosts.thaw();
      const lock = await take(rig, "run-3", 3);
      await lock.release();
      expect(left(rig)).toEqual([]);
    }
  });

  test("is had within seconds from a run cut off while it took it, also when the host's clock was set back since", async () => {
    const rig = engineRig(["a", "b", "c"]);
    const anHourOn = rig.clock.now().getTime() / 1000 + 3600;
    for (const folder of ["/var/lib/slipway", path])
      rig.hosts.host("a").files.write(folder, { type: "directory", modifiedAt: anHourOn });
    const before = rig.clock.now().getTime();
    const lock = await take(rig, "run-1", 1);
    expect(rig.clock.now().getTime() - before).toBeLessThan(60_000);
    await lock.release();
  });

  test("is never taken over from a lock this version cannot read", async () => {
    const rig = engineRig(["a", "b", "c"]);
    rig.hosts.host("b").files.write(`${path}/owner.json`, '{"format":"slipway.dev/lock/v2"}');
    rig.clock.advance(60 * 60_000);
    await expect(take(rig, "run-1", 1)).rejects.toMatchObject({
      problem: { code: "engine/locked", where: { host: "b" } },
    });
    expect(left(rig)).toEqual([path, `${path}/owner.json`]);
  });

  test("goes on without a host whose answer was lost, which the next run can use again", async () => {
    for (const kind of ["run", "write"]) {
      const rig = engineRig(["a", "b", "c"]);
      for (const host of ["a", "b", "c"])
        await rig.hosts.host(host).change({ kind: "run", argv: ["mkdir", "-p", "/var/lib/slipway"] });
      rig.hosts.host("b").fault({
        how: "disconnect",
        when: "after",
        on: (operation) => operation.kind === "change" && operation.change.kind === kind,
      });
      await (await take(rig, "run-1", 1)).release();
      const lock = await take(rig, "run-2", 2);
      await lock.release();
      expect(left(rig)).toEqual([]);
    }
  });

  test("stops a run that loses it from starting anything more", async () => {
    const rig = engineRig(["a", "b", "c"]);
    const slow = toyStep("slow", "a", [], {
      withinMs: 2 * 60 * 60_000,
      async apply(act) {
        await act.change({ kind: "write", path: "/toy/slow", content: "done", mode: 0o644 });
        for (const host of ["b", "c"]) rig.hosts.host(host).unreachable = true;
        await rig.clock.sleep(60 * 60_000);
      },
    });
    const result = await rig.apply([slow, toyStep("next", "a", ["slow"])]);
    expect(result.problems.map((one) => one.code)).toContain("engine/lock-lost");
    expect(Object.fromEntries(result.outcomes)).toMatchObject({
      slow: { outcome: "applied" },
      next: { outcome: "cancelled" },
    });
  });

  test("keeps a second run from changing anything", async () => {
    const rig = engineRig(["a", "b", "c"]);
    await take(rig, "other", 9);
    const before = rig.hosts.changeCount();
    await expect(rig.apply([toyStep("one", "a")])).rejects.toThrow("engine/locked");
    expect(rig.hosts.changeCount()).toBe(before);
    expect(rig.journal.events).toEqual([]);
  });
});

describe("a computer that slept", () => {
  test("makes no change after the cluster lock has run out, before a renewal has noticed", async () => {
    let sleptMs = 0;
    const rig: ReturnType<typeof engineRig> = engineRig(["a"], {
      world: {
        clock: {
          now: () => new Date(rig.clock.now().getTime() + sleptMs),
          elapsedMs: () => rig.clock.elapsedMs() + sleptMs,
          sleep: (ms, signal) => rig.clock.sleep(ms, signal),
        },
      },
    });
    const step = toyStep("one", "a", [], {
      async apply(act) {
        await act.change({ kind: "write", path: "/toy/before", content: "done", mode: 0o644 });
        sleptMs = 10 * 60_000;
        await act.change({ kind: "write", path: "/toy/after", content: "done", mode: 0o644 });
      },
    });
    const result = await rig.apply([step]);
    expect(result.outcomes.get(step.id)).toMatchObject({ outcome: "failed", problem: { code: "engine/lock-lost" } });
    const { files } = rig.hosts.host("a");
    expect([files.text("/toy/before"), files.text("/toy/after")]).toEqual(["done", undefined]);
  });
});
