import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Ended } from "../../bench/kill/work-folder.ts";
import type { ApplyResult } from "../../src/cli/apply-result.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { exitCode } from "../../src/problems/exit-code.ts";
import type { RunSummary } from "../../src/state/read-runs.ts";
import type { ClusterStatus } from "../../src/status/cluster-status.ts";
import { needsLab } from "../support/lab.ts";
import { holdersOf, type LabCluster, labCluster } from "../support/lab-cluster.ts";
import { named } from "../support/plan-lines.ts";
import { everywhere, type Snapshot, snapshot, touched } from "./drift/machine-snapshot.ts";
import { type Mended, seedAndMend, type Watched } from "./drift/seed-and-mend.ts";
import { rounds, seed } from "./drift/seeded-changes.ts";

// One story on one lab, in this order: each test goes on where the one before it left the machines.

let opened: Promise<LabCluster> | undefined;
const cluster = () => {
  opened ??= labCluster({ name: "install" });
  return opened;
};
afterAll(async () => {
  await (await opened)?.[Symbol.asyncDispose]();
});

async function slipway(...args: readonly string[]): Promise<Ended> {
  return await (await cluster()).folder.slipway(args);
}

/** What a command prints as JSON. */
async function json<T>(...args: readonly string[]): Promise<T> {
  const { exitCode: code, stdout, stderr } = await slipway(...args, "-o", "json");
  if (stdout === "") throw new Error(`slipway ${args.join(" ")} ended with ${code} and printed nothing: ${stderr}`);
  return JSON.parse(stdout);
}

const toDo = (plan: Plan) => plan.steps.filter((step) => step.state !== "satisfied").map((step) => step.id);

async function snapshots(): Promise<ReadonlyMap<string, Snapshot>> {
  const { lab } = await cluster();
  return new Map(await Promise.all(lab.machines.map(async ({ name }) => [name, await snapshot(lab, name)] as const)));
}

const watched: Watched = {
  snapshots,
  plan: async () => await json<Plan>("plan"),
  apply: async () => await slipway("apply", "--yes"),
};

async function editClusterFile(edit: (text: string) => string): Promise<void> {
  const path = join((await cluster()).folder.path, "cluster.yaml");
  await writeFile(path, edit(await readFile(path, "utf8")));
}

const snapshotCount = (count: number) => (text: string) =>
  text.includes("snapshotCount")
    ? text.replace(/snapshotCount: \d+/, `snapshotCount: ${count}`)
    : text.replace("topology: external", `topology: external\n    snapshotCount: ${count}`);

describe("an install on seven bare machines", () => {
  needsLab(7);

  test("is planned without changing anything", async () => {
    const before = await snapshots();
    const plan = await json<Plan>("plan");
    expect(plan.unreachable).toEqual([]);
    expect(toDo(plan)).toContain("etcd.bootstrap");
    expect(everywhere(before, await snapshots(), touched)).toEqual([]);
  });

  test("stops after the phase it is told to", async () => {
    const { exitCode: code, stderr } = await slipway("apply", "--yes", "--through", "baseline");
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: exitCode.done, stderr: "" });
    const { steps } = await json<Plan>("plan");
    const open = new Set(steps.filter((step) => step.state !== "satisfied").map((step) => step.phase));
    expect([...open]).toEqual(["runtime", "load-balancer", "etcd"]);
  });

  test("leaves a virtual IP, healthy etcd and nothing to do", async () => {
    const first = await slipway("apply", "--yes");
    expect({ code: first.exitCode, stderr: first.exitCode === 0 ? "" : first.stderr }).toMatchObject({ code: 0 });
    const plan = await json<Plan>("plan");
    expect(named(plan)).toEqual([]);
    expect(await holdersOf(await cluster())).toHaveLength(1);
    const health = await json<{ healthy: boolean; voting: number; quorum: number }>("etcd", "health");
    expect(health).toMatchObject({ healthy: true, voting: 3, answering: 3, quorum: 2, mayStillFail: 1 });
  });

  test("applied again changes nothing, with one connection and at most two round trips per host", async () => {
    const before = await snapshots();
    const again = await json<ApplyResult>("apply", "--yes");
    expect(again).toMatchObject({ type: "result", run: null, exitCode: 0, applied: 0, notStarted: 0, problems: [] });
    expect(again.connections).toBeLessThanOrEqual(7);
    expect(again.roundTrips).toBeLessThanOrEqual(14);
    expect(everywhere(before, await snapshots(), touched)).toEqual([]);
  });

  test("is the same for a user who becomes root with sudo", async () => {
    await editClusterFile((text) => text.replace("user: root", "user: admin"));
    expect(named(await json<Plan>("plan"))).toEqual([]);
    await editClusterFile((text) => text.replace("user: admin", "user: root"));
  });

  test("is told by status, etcd, preflight and runs", async () => {
    const machines = (await cluster()).lab.machines.map(({ name }) => name);
    const status = await json<ClusterStatus>("status");
    expect(status.hosts.map(({ host }) => host)).toEqual(machines);
    const silent = status.hosts.flatMap(({ services }) => services).filter(({ state }) => state !== "running");
    // It comes with Kubernetes.
    expect(silent.filter(({ name }) => name !== "kubelet")).toEqual([]);
    const { members } = await json<{ members: readonly { name: string; started: boolean }[] }>("etcd", "members");
    expect(members.map(({ name }) => name).sort()).toEqual(["cp-1", "cp-2", "cp-3"]);
    expect(await json<{ errors: number }>("preflight")).toMatchObject({ errors: 0 });
    const runs = await json<readonly RunSummary[]>("runs", "list");
    expect(runs.map(({ state }) => state)).toEqual(["finished", "finished"]);
    const shown = await slipway("runs", "show");
    expect(shown.stdout).toContain("Bootstrap etcd with 3 members");
  });
});

describe("a saved plan", () => {
  needsLab(7);
  const planFile = async () => join((await cluster()).folder.path, "saved.json");

  test("is refused when the machines changed since, and changes nothing", async () => {
    const { lab } = await cluster();
    await lab.exec("w-1", ["sh", "-c", "echo '# first' >> /etc/crictl.yaml"]);
    await slipway("plan", "--out", await planFile());
    await lab.exec("w-1", ["sh", "-c", "echo '# second' >> /etc/crictl.yaml"]);
    const before = await snapshots();
    const refused = await slipway("apply", await planFile());
    expect(refused).toMatchObject({ exitCode: exitCode.refused });
    expect(refused.stderr).toContain("plan/changed-since");
    expect(everywhere(before, await snapshots(), touched)).toEqual([]);
  });

  test("does exactly what it showed, and leaves alone what came after it on other hosts", async () => {
    const { lab } = await cluster();
    await slipway("plan", "--limit", "w-1", "--out", await planFile());
    await lab.exec("w-2", ["sh", "-c", "echo '# later' >> /etc/crictl.yaml"]);
    const before = await snapshots();
    expect(await slipway("apply", await planFile())).toMatchObject({ exitCode: exitCode.done });
    expect(everywhere(before, await snapshots(), touched)).toEqual(["w-1: file /etc/crictl.yaml"]);
    expect(named(await json<Plan>("plan", "--limit", "w-1"))).toEqual([]);
    expect(named(await json<Plan>("plan"))).toEqual(["w-2: file /etc/crictl.yaml"]);
    expect(await slipway("apply", "--yes", "--limit", "w-2")).toMatchObject({ exitCode: exitCode.done });
  });
});

describe("two applies at once", () => {
  needsLab(7);

  test("exclude each other: the second is refused and the first goes on", async () => {
    const { lab } = await cluster();
    const onW2 = (script: string) => lab.exec("w-2", ["sh", "-c", script]);
    // Keeps the first apply busy for as long as the second one needs.
    const dropIn = "/run/systemd/system/containerd.service.d/hold.conf";
    const hold = "ExecStartPre=/bin/sh -c 'while [ -e /run/hold ]; do sleep 0.1; done'";
    await onW2(`mkdir -p ${dirname(dropIn)} && printf '%s\\n' '[Service]' "${hold}" > ${dropIn} && touch /run/hold`);
    await onW2("systemctl daemon-reload && systemctl stop containerd");
    const first = slipway("apply", "--yes");
    const isStarting = "systemctl show -P SubState containerd | grep -q start-pre";
    await onW2(`for _ in $(seq 1200); do ${isStarting} && exit; sleep 0.1; done; exit 1`);
    const second = await slipway("apply", "--yes", "--limit", "w-2");
    await onW2(`rm /run/hold ${dropIn}`);
    expect(await first).toMatchObject({ exitCode: exitCode.done });
    expect(second).toMatchObject({ exitCode: exitCode.refused });
    expect(second.stdout + second.stderr).toContain("engine/locked");
    await onW2("systemctl daemon-reload");
    expect(named(await json<Plan>("plan"))).toEqual([]);
  });
});

describe("a member that is gone", () => {
  needsLab(7);

  test("keeps the others from being stopped", async () => {
    const { lab } = await cluster();
    await lab.powerOff("cp-3");
    await editClusterFile(snapshotCount(20_000));
    const before = new Map([
      ["cp-1", await snapshot(lab, "cp-1")],
      ["cp-2", await snapshot(lab, "cp-2")],
    ]);
    const plan = await json<Plan>("plan");
    const refused = plan.steps.flatMap((step) => (step.state === "refused" ? [`${step.id} ${step.problem.code}`] : []));
    expect(refused).toEqual(["etcd.restart/cp-1 etcd/quorum-at-risk", "etcd.restart/cp-2 etcd/quorum-at-risk"]);
    expect((await slipway("apply", "--yes", "--limit", "cp-1,cp-2")).exitCode).toBe(exitCode.refused);
    for (const [machine, own] of before) expect(touched(own, await snapshot(lab, machine))).toEqual([]);
    await lab.powerOn("cp-3");
  });

  test("is waited for once it is back, and all members get the new setting one after the other", async () => {
    expect(await slipway("apply", "--yes")).toMatchObject({ exitCode: exitCode.done });
    expect(named(await json<Plan>("plan"))).toEqual([]);
    const { healthy } = await json<{ healthy: boolean }>("etcd", "health");
    expect(healthy).toBe(true);
  });
});

describe("drift", () => {
  needsLab(7);

  describe.each(rounds.map((changes, index) => ({ round: index + 1, changes })))("round $round", ({ changes }) => {
    let mended: Promise<Mended> | undefined;
    const result = () => {
      mended ??= seedAndMend(watched, async () => await seed(await cluster(), changes));
      return mended;
    };

    test.each(changes)(
      "$title on $machine is named, and mended",
      async ({ machine, named: wanted, touched: parts }) => {
        const { plan, whatApplyTouched } = await result();
        expect(named(plan)).toEqual(expect.arrayContaining(wanted.map((what) => nameOn(machine, what))));
        expect(whatApplyTouched).toEqual(expect.arrayContaining(parts.map((what) => `${machine}: ${what}`)));
      },
    );

    test("nothing else is named, nothing else is touched, and everything is as before", async () => {
      const { plan, applied, whatApplyTouched, notAsBefore, planAfterwards } = await result();
      expect(named(plan)).toEqual(changes.flatMap((one) => one.named.map((what) => nameOn(one.machine, what))).sort());
      expect({ code: applied.exitCode, stderr: applied.exitCode === 0 ? "" : applied.stderr }).toMatchObject({
        code: 0,
      });
      expect(whatApplyTouched).toEqual(
        changes.flatMap((one) => one.touched.map((what) => `${one.machine}: ${what}`)).sort(),
      );
      const otherwise = changes.flatMap((one) => (one.mendedOtherwise ?? []).map((what) => `${one.machine}: ${what}`));
      // What was issued anew is another certificate than before; that it is good is what the empty plan says.
      expect(notAsBefore.filter((line) => !/pki\/.*\.(crt|key)$/.test(line))).toEqual(otherwise);
      expect(named(planAfterwards)).toEqual([]);
    });
  });
});

function nameOn(machine: string, what: string): string {
  return what.startsWith("cluster: ") ? what : `${machine}: ${what}`;
}
