import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Plan } from "../../../src/engine/plan.ts";
import { etcdctl } from "../../../src/facts/etcd-layout.ts";
import { labSkipReason } from "../../support/lab.ts";
import { holdersOf, type LabCluster, labCluster } from "../../support/lab-cluster.ts";

const machines = {
  "lb-1": ["load-balancer"],
  "lb-2": ["load-balancer"],
  "cp-1": ["control-plane", "etcd"],
  "cp-2": ["etcd"],
  "cp-3": ["etcd"],
  "e-4": ["load-balancer"],
  "e-5": ["load-balancer"],
};
const members = ["cp-1", "cp-2", "cp-3"];
const skipReason = await labSkipReason(Object.keys(machines).length);

describe.skipIf(skipReason !== undefined)(`load balancers and etcd on real machines ${skipReason ?? ""}`, () => {
  let cluster: LabCluster;

  beforeAll(async () => {
    cluster = await labCluster({ name: "etcd", machines });
    // Machines in waiting: they boot with the others and are in the cluster file later.
    await edit((text) => text.replace(/^ {4}- \{ name: e-[45].*\n/gm, ""));
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  async function edit(change: (text: string) => string): Promise<void> {
    const path = join(cluster.folder.path, "cluster.yaml");
    await writeFile(path, change(await readFile(path, "utf8")));
  }

  async function apply(): Promise<void> {
    const { exitCode, stdout, stderr } = await cluster.folder.slipway(["apply", "--yes", "--diff", "none"]);
    expect({ exitCode, tail: exitCode === 0 ? "" : `${stdout}\n${stderr}`.slice(-3000) }).toEqual({
      exitCode: 0,
      tail: "",
    });
  }

  const left = (plan: Plan) => plan.steps.filter((step) => step.state !== "satisfied");
  const run = async (machine: string, ...argv: readonly string[]) => (await cluster.lab.exec(machine, argv)).stdout;
  const ctl = (...words: readonly string[]) => run("cp-1", ...etcdctl(2379, words, 10));
  const names = async () =>
    (await ctl("member", "list"))
      .trim()
      .split("\n")
      .map((line) => line.split(", "))
      .map(([, state, name, , , learner]) => `${name} ${state}${learner === "true" ? " learner" : ""}`)
      .sort();
  const startOf = (machine: string) =>
    run(machine, "systemctl", "show", "--property=ExecMainStartTimestampMonotonic", "--value", "etcd.service");

  test("are made by one apply, and the next plan is empty", async () => {
    await apply();
    expect(left(await cluster.folder.plan())).toEqual([]);
    expect(await names()).toEqual(members.map((name) => `${name} started`));
    expect(await holdersOf(cluster)).toHaveLength(1);
  });

  test("no member says how the cluster was born, and none starts without its data", async () => {
    for (const machine of members) {
      expect(await run(machine, "sh", "-c", "ls /etc/etcd")).toBe("etcd.env\npki\n");
    }
    await run("cp-3", "sh", "-c", "systemctl stop etcd; mv /var/lib/etcd/member /var/lib/etcd/gone");
    const { exitCode } = await cluster.lab.exec("cp-3", ["systemctl", "start", "etcd"], { okExitCodes: [0, 1] });
    expect(exitCode).not.toBe(0);
    const plan = await cluster.folder.plan();
    expect(left(plan)).toMatchObject([
      { id: "etcd.join/cp-3", state: "refused", problem: { code: "etcd/member-data-lost" } },
      { id: "etcd.promote/cp-3", state: "unknown" },
    ]);
    await run("cp-3", "mv", "/var/lib/etcd/gone", "/var/lib/etcd/member");
    await apply();
  });

  test("changed settings are loaded one member at a time without a failed write", async () => {
    await run(
      "cp-2",
      "systemd-run",
      "--unit=writes",
      "--collect",
      "sh",
      "-c",
      `while :; do ${allEndpoints()} put key "$(date +%s%N)" >/dev/null || echo failed >>/run/failed; done`,
    );
    const before = await Promise.all(members.map(startOf));
    await edit((text) => text.replace("topology: external", "topology: external\n    snapshotCount: 20000"));
    await apply();
    await run("cp-2", "systemctl", "stop", "writes");
    const after = await Promise.all(members.map(startOf));
    expect(after.every((moment, index) => moment !== before[index])).toBe(true);
    expect(await run("cp-2", "sh", "-c", "cat /run/failed 2>/dev/null || echo none")).toBe("none\n");
    expect(left(await cluster.folder.plan())).toEqual([]);
  });

  test("two more hosts join as learners, and nobody else is restarted", async () => {
    const before = await Promise.all(members.map(startOf));
    const line = (name: string) => `    - { name: ${name}, address: ${cluster.lab.address(name)}, roles: [etcd] }\n`;
    await edit((text) => text.replace("  endpoint:\n", `${line("e-4")}${line("e-5")}  endpoint:\n`));
    await apply();
    expect(await names()).toEqual([...members, "e-4", "e-5"].map((name) => `${name} started`));
    expect(await Promise.all(members.map(startOf))).toEqual(before);
    expect(left(await cluster.folder.plan())).toEqual([]);
  });

  test("a changed setting is not loaded while the quorum would be lost by it", async () => {
    await cluster.lab.powerOff("e-4");
    await cluster.lab.powerOff("e-5");
    await edit((text) => text.replace("snapshotCount: 20000", "snapshotCount: 30000"));
    const plan = await cluster.folder.plan();
    expect(plan.steps.find((step) => step.id === "etcd.restart/cp-1")).toMatchObject({
      state: "refused",
      problem: {
        code: "etcd/quorum-at-risk",
        because: "3 of 5 voting members answer; 2 would be left, quorum is 3",
      },
    });
  });

  function allEndpoints(): string {
    const endpoints = members.map((machine) => `https://${cluster.lab.address(machine)}:2379`).join(",");
    return etcdctl(2379, [], 10)
      .join(" ")
      .replace(/--endpoints=\S+/, `--endpoints=${endpoints}`);
  }
});
