import { beforeEach, describe, expect, test } from "vitest";
import { type EngineRig, engineRig } from "../../../test/support/engine-rig.ts";
import type { FakeHostScript, FakeRun } from "../../../test/support/fake-host-script.ts";
import { fakeLinux } from "../../../test/support/fake-linux.ts";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import { selectSteps } from "../../engine/select-steps.ts";
import type { Step } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import type { ClusterSpec, RuntimeSpec } from "../../spec/cluster-spec.ts";
import { containerdRollout } from "./containerd-rollout.ts";
import { containerdSteps } from "./containerd-steps.ts";

const config = "/etc/containerd/config.toml";
const candidate = `${config}.candidate`;
const controlPlanes = ["cp-1", "cp-2", "cp-3"];
const workers = Array.from({ length: 20 }, (_, index) => `w-${index + 1}`);
const hosts = [
  ...controlPlanes.map((name) => sampleHost(name, "10.0.0.11", ["control-plane", "etcd"])),
  ...workers.map((name) => sampleHost(name, "10.0.0.11", ["worker"])),
];

function declaring(runtime: Partial<RuntimeSpec>): ClusterSpec {
  return sampleSpec({ hosts, runtime: { ...sampleSpec().runtime, ...runtime } });
}

/** Without the baseline, which is another part's. */
function stepsOf(spec: ClusterSpec): readonly Step[] {
  const steps = containerdSteps(spec);
  const ids = new Set(steps.map((step) => step.id));
  return steps.map((step) => ({ ...step, after: step.after.filter((id) => ids.has(id)) }));
}

let rig: EngineRig;
/** Images containerd's own checker, and its CRI plugin, do not take. */
let unreadable: string;
let unusable: string;
/** What is under way, and the most that was at once. */
let underWay: Set<string>;
let mostVital: number;
let mostWorkers: number;

beforeEach(() => {
  unreadable = "none";
  unusable = "none";
  const linux = fakeLinux({ repository: { containerd: { version: "1.6.20", units: ["containerd.service"] } } });
  const runs: FakeRun[] = [
    {
      argv: ["containerd", "--config"],
      answer: ({ argv, host }) =>
        host.files.text(argv[2] ?? "")?.includes(unreadable) === true
          ? { exitCode: 1, stderr: "containerd: (3, 2): Can't convert six(string) to int" }
          : "",
    },
    {
      argv: ["ctr"],
      answer: (call) => {
        const row = linux.runs?.find((one) => one.argv[0] === "ctr");
        const status = call.host.files.text(config)?.includes(unusable) === true ? "error" : "ok";
        const answer = typeof row?.answer === "function" ? row.answer(call) : "";
        return typeof answer === "string" ? answer.replace(/ok\n$/, `${status}\n`) : answer;
      },
    },
  ];
  const base: FakeHostScript = { ...linux, runs: [...runs, ...(linux.runs ?? [])] };
  rig = engineRig([...controlPlanes, ...workers], { base });
});

/** Hosts with a step that has something to do, in the order they were started. */
async function applied(spec: ClusterSpec): Promise<readonly string[]> {
  underWay = new Set();
  [mostVital, mostWorkers] = [0, 0];
  const order: string[] = [];
  const from = rig.journal.events.length;
  const plan = await rig.plan(stepsOf(spec));
  const listener = (event: (typeof rig.journal.events)[number]) => {
    const host = "step" in event ? (event.step.split("/")[1] ?? "") : "";
    if (event.type === "step-started") {
      order.push(host);
      underWay.add(host);
      mostVital = Math.max(mostVital, controlPlanes.filter((one) => underWay.has(one)).length);
      mostWorkers = Math.max(mostWorkers, workers.filter((one) => underWay.has(one)).length);
    }
    if (event.type === "step-finished") underWay.delete(host);
  };
  const result = await rig.run(stepsOf(spec), plan, { run: `run-${from}`, listener });
  rig.clock.advance(60_000);
  expect(result.problems).toEqual([]);
  return order;
}

const configOf = (host: string) => rig.hosts.host(host).files.text(config) ?? "";

describe("containerd on bare hosts", () => {
  test("is set up on all of them at once, and leaves nothing to change", async () => {
    const order = await applied(declaring({}));
    expect(order).toHaveLength(hosts.length);
    expect(mostVital).toBe(controlPlanes.length);
    expect(mostWorkers).toBe(workers.length);
    expect((await rig.plan(stepsOf(declaring({})))).steps.filter((step) => step.state !== "satisfied")).toEqual([]);
  });
});

describe("containerd that runs", () => {
  beforeEach(async () => {
    await applied(declaring({}));
  });

  test("is restarted on one worker first, on a tenth of the others at a time, and on one control plane at a time", async () => {
    const order = await applied(declaring({ pauseImage: "registry.example/pause:new" }));
    expect(order[0]).toBe("w-1");
    expect([...order].sort()).toEqual(hosts.map((host) => host.name).sort());
    expect(mostVital).toBe(1);
    expect(mostWorkers).toBe(2);
  });

  test("is shown as restarted in the plan", async () => {
    const plan = await rig.plan(stepsOf(declaring({ pauseImage: "registry.example/pause:new" })));
    expect(plan.steps.find((step) => step.id === "containerd.configure/cp-2")).toMatchObject({
      state: "needed",
      impact: "restarts-component",
      changes: [
        { verb: "update", what: `file ${config}` },
        { verb: "restart", what: "service containerd.service" },
      ],
    });
  });

  test("keeps its configuration where containerd cannot read the new one, and no other host is touched", async () => {
    const before = configOf("w-1");
    unreadable = "registry.example/pause:bad";
    const spec = declaring({ pauseImage: unreadable });
    const result = await rig.apply(stepsOf(spec), { run: "refused", onFailure: "continue" });
    expect(result.problems).toMatchObject([
      {
        code: "host/configuration-refused",
        where: { host: "w-1" },
        evidence: { lastLines: ["containerd: (3, 2): Can't convert six(string) to int"] },
      },
    ]);
    expect(hosts.filter((host) => configOf(host.name) !== before)).toEqual([]);
    expect(rig.hosts.host("w-1").files.get(candidate)).toBeUndefined();
    expect(
      rig.hosts
        .host("w-1")
        .commands()
        .filter((one) => one.startsWith("systemctl restart")),
    ).toHaveLength(1);
  });

  test("that no longer serves the kubelet on the first host is changed on no other, in this run and in the next", async () => {
    const before = configOf("w-2");
    unusable = "registry.example/pause:bad";
    const spec = declaring({ pauseImage: unusable });
    for (const run of ["one", "two"]) {
      const result = await rig.apply(stepsOf(spec), { run, onFailure: "continue" });
      expect(result.failed).toEqual(["containerd.configure/w-1"]);
      expect(JSON.stringify(result.problems)).toContain("CRI plugin");
      expect(hosts.filter((host) => configOf(host.name) !== before).map((host) => host.name)).toEqual(["w-1"]);
      rig.clock.advance(60_000);
    }
    await applied(declaring({}));
    expect(configOf("w-1")).toBe(before);
  });

  test("is started where it was stopped, without waiting for anybody", async () => {
    const spec = declaring({});
    const stop = ["systemctl", "stop", "--", "containerd.service"];
    await rig.hosts.session("cp-2" as HostName).change({ kind: "run", argv: stop });
    const plan = await rig.plan(stepsOf(spec));
    expect(plan.steps.filter((step) => step.state !== "satisfied").map((step) => step.id)).toEqual([
      "containerd.install/cp-2",
    ]);
  });
});

describe("a first worker whose containerd is stopped", () => {
  const spec = declaring({ pauseImage: "registry.example/pause:new" });
  const others = ["w-2", "w-3", "cp-1"];

  beforeEach(async () => {
    await applied(declaring({}));
    const stop = ["systemctl", "stop", "--", "containerd.service"];
    await rig.hosts.session("w-1" as HostName).change({ kind: "run", argv: stop });
  });

  test("is no proof of anything: with the part of the work that leaves it out, no other is changed", async () => {
    const before = configOf("w-2");
    const { steps, outside } = selectSteps(stepsOf(spec), {
      phases: ["runtime"],
      limit: others,
      hosts: hosts.map((host) => host.name),
    });
    const refused = await rig.plan(steps, { outside }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      problems: [{ code: "usage/left-out-step-needed", because: "containerd.install/w-1 is needed" }],
    });
    expect(others.map(configOf)).toEqual(others.map(() => before));
  });

  test("is set up with the new configuration before any other is changed", async () => {
    const from = rig.journal.events.length;
    const order = await applied(spec);
    expect([...order].sort()).toEqual(hosts.map((host) => host.name).sort());
    const seen = rig.journal.events
      .slice(from)
      .flatMap((event) => ("step" in event ? [`${event.type} ${event.step}`] : []));
    const isDone = seen.indexOf("step-finished containerd.install/w-1");
    expect(isDone).toBeGreaterThan(0);
    expect(seen.findIndex((one) => one.startsWith("step-started containerd.configure/"))).toBeGreaterThan(isDone);
  });
});

describe("the order of a rollout", () => {
  test("starts with a control plane where there are no workers, and changes one at a time", () => {
    const only = hosts.slice(0, 3);
    const rollout = containerdRollout(only);
    expect(rollout.first).toBe("cp-1");
    expect(new Set(only.map((host) => rollout.lockOf(host.name))).size).toBe(1);
  });

  test.each([
    [1, 1],
    [10, 1],
    [19, 1],
    [20, 2],
    [5000, 500],
  ])("of %i workers has %i at a time", (count, lanes) => {
    const many = Array.from({ length: count }, (_, index) => sampleHost(`w-${index}`, "10.0.0.11", ["worker"]));
    const rollout = containerdRollout(many);
    expect(new Set(many.map((host) => rollout.lockOf(host.name))).size).toBe(lanes);
  });

  test("is that of no hosts where there are none", () => {
    expect(containerdRollout([]).first).toBeUndefined();
  });
});
