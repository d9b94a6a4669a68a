import { beforeEach, describe, expect, test } from "vitest";
import { type EngineRig, engineRig } from "../../../test/support/engine-rig.ts";
import type { FakeHost } from "../../../test/support/fake-host.ts";
import type { FakeHostScript, FakeRun } from "../../../test/support/fake-host-script.ts";
import { type FakeLinux, fakeLinux, rocky9 } from "../../../test/support/fake-linux.ts";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import type { PlannedStep } from "../../engine/plan.ts";
import type { Step } from "../../engine/step.ts";
import { Secret } from "../../hosts/secret.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { loadBalancerSteps } from "./load-balancer-steps.ts";

const spec = sampleSpec();
const balancers = ["lb-1", "lb-2"];
const cfg = "/etc/haproxy/haproxy.cfg";

let linux: FakeLinux;
let rig: EngineRig;
/** Statistics of the running HAProxy by host, as the last reload left them. */
let running: Map<FakeHost, string>;
/** Hosts with the virtual IP. */
let holders: Set<string>;

function rows(): FakeRun[] {
  const reload = (host: FakeHost) => {
    if (linux.unitsOf(host).get("haproxy.service")?.active === "active") running.set(host, statistics(host));
  };
  return [
    {
      argv: ["systemctl"],
      answer: (call) => {
        const row = linux.runs?.find((one) => one.argv[0] === "systemctl");
        if (typeof row?.answer !== "function") throw new Error("fakeLinux has no systemctl");
        const result = row.answer(call);
        if (call.argv.includes("haproxy.service")) reload(call.host);
        if (call.argv.includes("keepalived.service")) holders.add("lb-1");
        return result;
      },
    },
    { argv: ["curl"], answer: ({ host }) => running.get(host) ?? { exitCode: 7 } },
    {
      argv: ["haproxy", "-c", "-f"],
      answer: ({ host, argv }) =>
        host.files.text(argv[3] ?? "")?.includes("server cp-1") === true
          ? "Configuration file is valid\n"
          : { exitCode: 1, stderr: "[ALERT] no server cp-1" },
    },
    { argv: ["keepalived"], answer: "" },
    {
      argv: ["ip", "-j", "addr", "show"],
      answer: ({ host }) => {
        const own = spec.hosts.find((one) => one.name === host.host)?.address;
        const vip = { local: "10.0.0.10", prefixlen: 24, scope: "global" };
        const addresses = [{ local: own, prefixlen: 24, scope: "global" }, ...(holders.has(host.host) ? [vip] : [])];
        return JSON.stringify([
          { ifname: "ens3", mtu: 1500, flags: ["UP"], address: "02:00:00:00:00:01", addr_info: addresses },
        ]);
      },
    },
    { argv: ["getsebool"], answer: "haproxy_connect_any --> off\nkeepalived_connect_any --> on\n" },
    { argv: ["setsebool"], answer: "" },
  ];
}

function statistics(host: FakeHost): string {
  let backend = "";
  const servers = (host.files.text(cfg) ?? "").split("\n").flatMap((line) => {
    backend = /^backend (\S+)/.exec(line)?.[1] ?? backend;
    const server = /^ {4}server (\S+) (\S+)/.exec(line);
    return server === null ? [] : [`${backend},${server[1]},UP,1,2,L7OK,${server[2]}`];
  });
  const frontend = "kubernetes-api,FRONTEND,OPEN,,0,,";
  return ["# pxname,svname,status,weight,type,check_status,addr", frontend, ...servers, ""].join("\n");
}

beforeEach(() => {
  running = new Map();
  holders = new Set();
  linux = fakeLinux({
    repository: { haproxy: { units: ["haproxy.service"] }, keepalived: { units: ["keepalived.service"] } },
  });
  const base: FakeHostScript = { ...linux, runs: [...rows(), ...(linux.runs ?? [])] };
  rig = engineRig(balancers, { base });
});

function stepsOf(of: ClusterSpec): readonly Step[] {
  const steps = loadBalancerSteps(of);
  const ids = new Set(steps.map((step) => step.id));
  return steps.map((step) => ({ ...step, after: step.after.filter((id) => ids.has(id)) }));
}

async function toDo(of = spec): Promise<readonly PlannedStep[]> {
  return (await rig.plan(stepsOf(of))).steps.filter((step) => step.state !== "satisfied");
}

async function applied(of = spec): Promise<void> {
  const result = await rig.apply(stepsOf(of));
  expect([...result.outcomes.values()].filter((one) => !["applied", "satisfied"].includes(one.outcome))).toEqual([]);
}

const file = (host: string, path: string) => rig.hosts.host(host).files.text(path) ?? "";
const whyNeeded = (steps: readonly PlannedStep[]) =>
  steps.flatMap((step) => (step.state === "needed" ? step.changes.map((change) => change.because ?? change.what) : []));

describe("a pair of load balancers", () => {
  beforeEach(async () => {
    await applied();
    rig.clock.advance(60_000);
  });

  test("is configured completely, and leaves nothing to do and no candidate", async () => {
    expect(await toDo()).toEqual([]);
    expect(file("lb-1", cfg)).toContain("server cp-3 10.0.0.13:6443");
    expect(file("lb-2", "/etc/keepalived/keepalived.conf")).toContain("interface ens3");
    expect(rig.hosts.host("lb-1").files.get(`${cfg}.candidate`)).toBeUndefined();
  });

  test("shares one random password that no event and no file for others has", async () => {
    const password = (await rig.world.vault.read("load-balancer/vrrp-password"))?.reveal().toString() ?? "";
    expect(password).toMatch(/^[A-Za-z2-9]{8}$/);
    for (const host of balancers) {
      expect(file(host, "/etc/keepalived/slipway-auth.conf")).toContain(`auth_pass ${password}`);
      expect(rig.hosts.host(host).files.get("/etc/keepalived/slipway-auth.conf")?.mode).toBe(0o600);
    }
    expect(JSON.stringify(rig.journal.events)).not.toContain(password);
  });

  test.each([
    ["in maintenance", ",UP,", ",MAINT,", "server kubernetes-api/cp-1 is in maintenance"],
    ["drained", ",UP,1,", ",UP,0,", "server kubernetes-api/cp-1 is drained"],
    ["moved", "10.0.0.11", "10.0.0.99", "server kubernetes-api/cp-1 is at 10.0.0.99:6443, not 10.0.0.11:6443"],
    ["removed", "kubernetes-api,cp-1,", "kubernetes-api,cp-9,", "server kubernetes-api/cp-1 is missing"],
    ["told to listen no more", ",OPEN,", ",PAUSED,", "frontend kubernetes-api does not listen (PAUSED)"],
  ])("reloads when a server or frontend of the running process is %s", async (_, from, to, because) => {
    const host = rig.hosts.host("lb-1");
    running.set(host, (running.get(host) ?? "").replace(from, to));
    const before = host.changes.length;
    const planned = await toDo();
    expect(planned.map((step) => step.id)).toEqual(["load-balancer.configure/lb-1"]);
    expect(whyNeeded(planned)).toContain(because);
    await applied();
    expect(
      host.changes.slice(before).flatMap((change) => (change.kind === "run" ? [change.argv.join(" ")] : [])),
    ).toEqual(expect.arrayContaining(["systemctl reload-or-restart -- haproxy.service"]));
    expect(await toDo()).toEqual([]);
  });

  test("gets an edited file back, and loads it", async () => {
    const { files } = rig.hosts.host("lb-2");
    files.write(cfg, file("lb-2", cfg).replace(/.*server cp-2.*\n/, ""));
    expect(whyNeeded(await toDo())).toEqual([`file ${cfg}`, `${cfg} changes`]);
    await applied();
    expect(await toDo()).toEqual([]);
  });

  test("loses what an interrupted check of a configuration has left", async () => {
    rig.hosts.host("lb-1").files.write(`${cfg}.candidate`, "x");
    expect(whyNeeded(await toDo())).toEqual([`file ${cfg}.candidate`]);
    await applied();
    expect(await toDo()).toEqual([]);
  });

  test("keeps the file in use when the program refuses the new one", async () => {
    const before = balancers.map((host) => file(host, cfg));
    const hosts = spec.hosts.filter((host) => host.name !== "cp-1");
    const result = await rig.apply(stepsOf(sampleSpec({ hosts })));
    const problems = [...result.outcomes.values()].flatMap((one) => ("problem" in one ? [one.problem] : []));
    expect(problems[0]).toMatchObject({
      code: "host/configuration-refused",
      evidence: { lastLines: ["[ALERT] no server cp-1"] },
    });
    expect(balancers.map((host) => file(host, cfg))).toEqual(before);
    expect(rig.hosts.host("lb-1").files.get(`${cfg}.candidate`)).toBeUndefined();
  });

  test("is changed one after the other, each verified before the next, and shown as a restart", async () => {
    const fourth = sampleHost("cp-4", "10.0.0.14", ["control-plane"]);
    const more = sampleSpec({ hosts: [...spec.hosts, fourth] });
    expect((await toDo(more)).map((step) => [step.id, step.impact])).toEqual(
      balancers.map((host) => [`load-balancer.configure/${host}`, "restarts-component"]),
    );
    const from = rig.journal.events.length;
    await applied(more);
    const order = rig.journal.events
      .slice(from)
      .flatMap((event) => (event.type === "step-started" || event.type === "step-finished" ? [event] : []));
    expect(order.map((event) => [event.type, event.step])).toEqual(
      balancers.flatMap((host) =>
        ["step-started", "step-finished"].map((type) => [type, `load-balancer.configure/${host}`]),
      ),
    );
  });

  test("starts over where both have the virtual IP", async () => {
    holders.add("lb-2");
    const planned = await toDo();
    expect(planned).toMatchObject([
      { id: "load-balancer.virtual-ip", changes: [{ what: "virtual IP 10.0.0.10", from: "on lb-1 and lb-2" }] },
    ]);
  });
});

describe("other endpoints", () => {
  test("need no Keepalived with one load balancer and no virtual IP", () => {
    const host = { kind: "host", address: "10.0.0.21", port: 6443 } as const;
    const ids = loadBalancerSteps(sampleSpec({ endpoint: host })).map((step) => step.id);
    expect(ids).not.toContain("load-balancer.virtual-ip");
    expect(ids).not.toContain("load-balancer.password");
    expect(ids).toContain("load-balancer.configure/lb-1");
  });

  test("need nothing where the load balancer is somebody else's", () => {
    expect(loadBalancerSteps(sampleSpec({ endpoint: { kind: "external", name: "api.example", port: 443 } }))).toEqual(
      [],
    );
  });
});

describe("SELinux", () => {
  test("is told of the ports on the RHEL family only", async () => {
    const system = fakeLinux({ osRelease: rocky9 });
    rig = engineRig(balancers, { base: { ...system, runs: [...rows(), ...(system.runs ?? [])] } });
    const configure = (await toDo()).find((step) => step.id === "load-balancer.configure/lb-1");
    expect(configure).toMatchObject({
      changes: expect.arrayContaining([expect.objectContaining({ from: "haproxy_connect_any off", to: "on" })]),
    });
  });
});

describe("the configuration is written for what the distribution has", () => {
  test.each([
    ["8.10", false, "log /dev/log"],
    ["9.6", true, "log stdout"],
  ])("Rocky %s", async (version, missesTwo, log) => {
    const system = fakeLinux({ osRelease: rocky9.replace(/9\.6/g, version) });
    rig = engineRig(balancers, { base: { ...system, runs: [...rows(), ...(system.runs ?? [])] } });
    await rig.world.vault.write("load-balancer/vrrp-password", new Secret("Abcdefg2"));
    const configure = (await toDo()).find((step) => step.id === "load-balancer.configure/lb-1");
    const diffs = configure?.state === "needed" ? configure.changes.map((change) => change.diff ?? "").join("\n") : "";
    expect(diffs.includes("+    down_timer_adverts 2")).toBe(missesTwo);
    expect(diffs).toContain(log);
  });
});

describe("a host without an interface in the subnet", () => {
  test("is refused by name", async () => {
    const vip = { ...spec.endpoint, address: "192.168.7.10" } as ClusterSpec["endpoint"];
    const planned = await toDo(sampleSpec({ endpoint: vip }));
    expect(planned.find((step) => step.id === "load-balancer.configure/lb-2")).toMatchObject({
      state: "refused",
      problem: {
        code: "load-balancer/no-interface",
        because: "no interface is in its subnet; found ens3 10.0.0.22/24",
      },
    });
  });
});
