import { beforeEach, describe, expect, test } from "vitest";
import { type EngineRig, engineRig } from "../../../test/support/engine-rig.ts";
import { FakeEtcd } from "../../../test/support/fake-etcd.ts";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import type { PlannedStep } from "../../engine/plan.ts";
import type { Step } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { etcdSteps } from "./etcd-steps.ts";

const control = ["cp-1", "cp-2", "cp-3"];
const joining = [sampleHost("e-4", "10.0.0.14", ["etcd"]), sampleHost("e-5", "10.0.0.15", ["etcd"])];
const three = sampleSpec();
const five = sampleSpec({ hosts: [...three.hosts, ...joining] });
const tuned = sampleSpec({ etcd: { ...three.etcd, snapshotCount: 20_000 } });

let etcd: FakeEtcd;
let rig: EngineRig;

beforeEach(() => {
  etcd = new FakeEtcd();
  rig = engineRig([...control, "e-4", "e-5"], { base: etcd.base });
});

/**
 * The steps alone: what the baseline makes is not needed on fake machines. Signing a certificate takes real time, so an
 * apply counts as an answer that is under way, or virtual time would run ahead of it.
 */
function stepsOf(spec: ClusterSpec): readonly Step[] {
  const steps = etcdSteps(spec);
  const ids = new Set(steps.map((step) => step.id));
  const { inFlight } = rig.hosts;
  return steps.map((step) => ({
    ...step,
    after: step.after.filter((id) => ids.has(id)),
    apply: async (act: never, found: never) => {
      inFlight.count += 1;
      try {
        await step.apply(act, found);
      } finally {
        inFlight.count -= 1;
      }
    },
  }));
}

async function toDo(spec: ClusterSpec): Promise<readonly PlannedStep[]> {
  const { steps } = await rig.plan(stepsOf(spec));
  return steps.filter((step) => step.state !== "satisfied");
}

async function applied(spec: ClusterSpec): Promise<void> {
  const result = await rig.apply(stepsOf(spec));
  const problems = [...result.outcomes.values()].filter((one) => !["applied", "satisfied"].includes(one.outcome));
  expect(problems).toEqual([]);
}

const votes = () => etcd.members.filter((member) => member.started && !member.learner).map((member) => member.name);
const commandsOn = (host: string, word: string) =>
  rig.hosts
    .host(host)
    .commands()
    .filter((line) => line.includes(word));

describe("a new cluster", () => {
  test("is made once, with every member, and leaves nothing to do and nothing of its birth", async () => {
    await applied(three);
    expect(votes()).toEqual(control);
    expect(etcd.bootstraps).toBe(1);
    for (const host of control) expect(rig.hosts.host(host).files.get("/etc/etcd/bootstrap.env")).toBeUndefined();
    expect(await toDo(three)).toEqual([]);
  });

  test("is planned before anything of it is there", async () => {
    const states = (await toDo(three)).map((step) => [step.id, step.state]);
    expect(states).toContainEqual(["etcd.certs/cp-1", "needed"]);
    expect(states).toContainEqual(["etcd.bootstrap", "needed"]);
    expect(states).toContainEqual(["etcd.join/cp-3", "unknown"]);
    expect(states.filter(([, state]) => state === "refused")).toEqual([]);
  });

  test("keeps every key on its host, readable for etcd alone", async () => {
    await applied(three);
    const { files } = rig.hosts.host("cp-1");
    expect(files.get("/etc/etcd/pki/peer.key")).toMatchObject({ mode: 0o600, owner: "etcd", group: "etcd" });
    expect(files.get("/etc/kubernetes/pki/apiserver-etcd-client.key")).toMatchObject({ mode: 0o600, owner: "root" });
    expect(await rig.world.vault.list()).toEqual(["etcd/ca.crt", "etcd/ca.key"]);
    expect(files.text("/etc/etcd/pki/peer.key")).not.toBe(rig.hosts.host("cp-2").files.text("/etc/etcd/pki/peer.key"));
  });

  test("is finished with what the interrupted run began it with", async () => {
    const prepared = stepsOf(three).filter((step) => !/^etcd\.(bootstrap|start|restart|join|promote)/.test(step.id));
    await rig.apply(prepared);
    const one = rig.hosts.host("cp-1");
    const urls = three.hosts
      .filter((host) => host.roles.includes("etcd"))
      .map((h) => `${h.name}=https://${h.address}:2380`);
    one.files.write(
      "/etc/etcd/bootstrap.env",
      `# begun\nETCD_INITIAL_CLUSTER=${urls.join(",")}\nETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_TOKEN=first\n`,
    );
    await one.change({ kind: "run", argv: ["systemctl", "start", "--", "etcd.service"] });
    await applied(three);
    expect(etcd.bootstraps).toBe(1);
    expect(votes()).toEqual(control);
    expect(rig.hosts.host("cp-2").changes).toContainEqual(
      expect.objectContaining({ path: "/etc/etcd/bootstrap.env", content: expect.stringContaining("TOKEN=first") }),
    );
  });
});

describe("a bootstrap that was interrupted", () => {
  /** As a killed run leaves it: configured, and `begun` started with the birth file of all. */
  async function interrupted(begun: readonly string[]): Promise<void> {
    const prepared = stepsOf(three).filter((step) => !/^etcd\.(bootstrap|start|restart|join|promote)/.test(step.id));
    await rig.apply(prepared);
    const urls = control.map((name, index) => `${name}=https://10.0.0.${11 + index}:2380`);
    for (const name of begun) {
      const host = rig.hosts.host(name);
      host.files.write(
        "/etc/etcd/bootstrap.env",
        `# begun\nETCD_INITIAL_CLUSTER=${urls.join(",")}\nETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_TOKEN=first\n`,
      );
      await host.change({ kind: "run", argv: ["systemctl", "start", "--", "etcd.service"] });
    }
  }
  const bootstrapOf = async () => (await toDo(three)).find((step) => step.id === "etcd.bootstrap");

  test("is not gone on with while its only member with data is stopped", async () => {
    await interrupted(["cp-1"]);
    etcd.stop(rig.hosts.host("cp-1"));
    expect(await bootstrapOf()).toMatchObject({
      state: "refused",
      problem: { code: "etcd/quorum-at-risk", hint: { command: "systemctl start etcd.service" } },
    });
  });

  test("leaves it to the members with data to start first when they can be a quorum", async () => {
    await interrupted(["cp-1", "cp-2"]);
    for (const host of ["cp-1", "cp-2"]) etcd.stop(rig.hosts.host(host));
    expect(await bootstrapOf()).toBeUndefined();
    await applied(three);
    expect(etcd.bootstraps).toBe(1);
    expect(votes()).toEqual(control);
  });

  test("knows its members by their whole names", async () => {
    rig = engineRig([...control, "1"], { base: etcd.base });
    await interrupted(["cp-1"]);
    const more = sampleSpec({ hosts: [...three.hosts, sampleHost("1", "10.0.0.14", ["etcd"])] });
    const step = (await toDo(more)).find((one) => one.id === "etcd.bootstrap");
    expect(step).toMatchObject({ state: "needed", changes: [{ to: "members cp-2, cp-3" }, {}, {}] });
  });
});

describe("a cluster that exists", () => {
  beforeEach(async () => {
    await applied(three);
    rig.clock.advance(60_000);
  });

  test("is never made again, even with all members stopped", async () => {
    for (const host of control) etcd.stop(rig.hosts.host(host));
    expect((await toDo(three)).find((step) => step.id === "etcd.bootstrap")).toBeUndefined();
    await applied(three);
    expect(etcd.bootstraps).toBe(1);
    expect(await toDo(three)).toEqual([]);
  });

  test("takes in new hosts one after the other, and changes nothing on the others", async () => {
    const before = control.map((host) => rig.hosts.host(host).files.contents());
    await applied(five);
    expect(votes()).toEqual([...control, "e-4", "e-5"]);
    expect(control.map((host) => rig.hosts.host(host).files.contents())).toEqual(before);
    expect(commandsOn("cp-2", "restart")).toEqual([]);
    expect(await toDo(five)).toEqual([]);
  });

  test("takes up a learner that was added and never started, its own or another host's", async () => {
    await applied(sampleSpec({ hosts: five.hosts, etcd: { ...three.etcd } }));
    for (const host of ["e-4", "e-5"]) {
      etcd.stop(rig.hosts.host(host));
      rig.hosts.host(host).files.remove("/var/lib/etcd/member", true);
      etcd.members.splice(
        etcd.members.findIndex((member) => member.name === host),
        1,
      );
    }
    const argv = ["etcdctl", "member", "add", "e-5", "--learner", "--peer-urls=https://10.0.0.15:2380"];
    await rig.hosts.host("cp-1").change({ kind: "run", argv });
    await applied(five);
    expect(votes()).toEqual([...control, "e-4", "e-5"]);
  });

  test("is not grown while a voting member is gone for good", async () => {
    etcd.stop(rig.hosts.host("cp-3"));
    rig.hosts.host("cp-3").files.remove("/var/lib/etcd/member", true);
    expect((await toDo(five)).find((step) => step.id === "etcd.join/e-4")).toMatchObject({
      state: "refused",
      problem: { code: "etcd/quorum-at-risk", because: expect.stringContaining("2 of 3 voting members answer") },
    });
  });

  test("starts a stopped member before it is grown", async () => {
    etcd.stop(rig.hosts.host("cp-3"));
    expect((await toDo(five)).find((step) => step.id === "etcd.join/e-4")).toMatchObject({
      state: "needed",
      changes: [{ verb: "create", because: "once every voting member answers" }],
    });
    await applied(five);
    expect(votes()).toEqual([...control, "e-4", "e-5"]);
  });

  test("gives a learner no vote when a voting member dies before the promotion", async () => {
    rig.hosts.onOperation = (operation) => {
      if (operation.kind !== "change" || operation.host !== "e-4" || operation.change.kind !== "run") return;
      if (operation.change.argv.includes("--no-block")) etcd.stop(rig.hosts.host("cp-3"));
    };
    const result = await rig.apply(stepsOf(five));
    expect(votes()).toEqual(control);
    const codes = [...result.outcomes.values()].flatMap((one) => ("problem" in one ? [one.problem.code] : []));
    expect(codes).toContain("etcd/quorum-at-risk");
  });

  describe("with a learner of another host in the way", () => {
    const add = (name: string, address: string) =>
      rig.hosts.host("cp-1").change({
        kind: "run",
        argv: ["etcdctl", "member", "add", name, "--learner", `--peer-urls=https://${address}:2380`],
      });
    const joinOf = async (host: string) => (await toDo(five)).find((step) => step.id === `etcd.join/${host}`);

    test("shows its removal in the plan when its host has nothing and runs nothing", async () => {
      await add("e-5", "10.0.0.15");
      expect(await joinOf("e-4")).toMatchObject({
        state: "needed",
        changes: [{ verb: "create" }, { verb: "delete", what: expect.stringMatching(/^etcd learner \w+ of e-5$/) }],
      });
    });

    test("leaves the one of an earlier host to that host's own step", async () => {
      await add("e-4", "10.0.0.14");
      expect(await joinOf("e-5")).toMatchObject({ state: "needed", changes: [{ verb: "create" }] });
      await applied(five);
      expect(commandsOn("cp-1", "member remove")).toEqual([]);
      expect(votes()).toEqual([...control, "e-4", "e-5"]);
    });

    test("never removes one of a machine the cluster file does not have", async () => {
      await add("x-9", "10.0.0.99");
      expect(await joinOf("e-4")).toMatchObject({ state: "refused", problem: { code: "etcd/learner-in-the-way" } });
    });

    test("never removes one whose host has data", async () => {
      await add("e-5", "10.0.0.15");
      rig.hosts.host("e-5").files.write("/var/lib/etcd/member", { type: "directory" });
      expect(await joinOf("e-4")).toMatchObject({
        state: "refused",
        problem: { code: "etcd/learner-in-the-way", because: expect.stringContaining("e-5 has etcd data") },
      });
    });
  });

  test("refuses a member that ran and has lost its data, with the way out", async () => {
    etcd.stop(rig.hosts.host("cp-3"));
    rig.hosts.host("cp-3").files.remove("/var/lib/etcd/member", true);
    const refused = (await toDo(three)).find((step) => step.state === "refused");
    expect(refused).toMatchObject({
      id: "etcd.join/cp-3",
      problem: {
        code: "etcd/member-data-lost",
        because: expect.stringContaining("2 of 3 voting members answer, quorum is 2"),
        hint: { command: expect.stringMatching(/^etcdctl member remove 8e9e05c5/) },
      },
    });
    expect(etcd.bootstraps).toBe(1);
  });

  test.each([
    ["etcd.dataDir", { dataDir: "/srv/etcd" }, "/var/lib/etcd to /srv/etcd"],
    ["etcd.walDir", { walDir: "/srv/wal" }, "inside etcd.dataDir to /srv/wal"],
    ["etcd.clientPort", { clientPort: 12379 }, "2379 to 12379"],
    ["etcd.peerPort", { peerPort: 12380 }, "2380 to 12380"],
  ])("refuses to change %s, running or stopped, and acts on nothing", async (setting, change, between) => {
    const moved = sampleSpec({ etcd: { ...three.etcd, ...change } });
    for (const stopped of [false, true]) {
      if (stopped) for (const host of control) etcd.stop(rig.hosts.host(host));
      const refused = (await toDo(moved)).flatMap((step) => (step.state === "refused" ? [step] : []));
      const fixed = refused.filter((step) => step.problem.code === "etcd/fixed-setting-changed");
      expect(fixed.map((step) => step.id)).toEqual(
        expect.arrayContaining([...control.map((host) => `etcd.restart/${host}`), "etcd.bootstrap", "etcd.join/cp-1"]),
      );
      expect(fixed[0]?.problem.message).toBe(`${setting} of the etcd member on cp-1 cannot change from ${between}`);
      expect(refused.map((step) => step.problem.code)).not.toContain("etcd/member-data-lost");
      const before = control.map((host) => rig.hosts.host(host).changes.length);
      await expect(rig.apply(stepsOf(moved))).rejects.toThrow("etcd/fixed-setting-changed");
      expect(control.map((host) => rig.hosts.host(host).changes.length)).toEqual(before);
    }
    expect(etcd.bootstraps).toBe(1);
  });

  test("does not take a member that answers for one that lost its data", async () => {
    etcd.keepsAnswering.add(rig.hosts.host("cp-3"));
    rig.hosts.host("cp-3").files.remove("/var/lib/etcd/member", true);
    const codes = (await toDo(three)).flatMap((step) => (step.state === "refused" ? [step.problem.code] : []));
    expect(codes).toEqual([]);
  });

  test("refuses a host with data of no member", async () => {
    rig.hosts.host("e-4").files.write("/var/lib/etcd/member", { type: "directory" });
    const step = (await toDo(five)).find((one) => one.id === "etcd.join/e-4");
    expect(step).toMatchObject({ state: "refused", problem: { code: "etcd/foreign-data" } });
  });

  test("loads changed settings on one member at a time, the leader handing over first", async () => {
    expect(etcd.leader?.name).toBe("cp-1");
    await applied(tuned);
    for (const host of control) expect(commandsOn(host, "systemctl restart")).toHaveLength(1);
    expect(commandsOn("cp-1", "move-leader")).toHaveLength(1);
    expect(await toDo(tuned)).toEqual([]);
  });

  test("refuses to restart a member while another is gone for good", async () => {
    etcd.stop(rig.hosts.host("cp-3"));
    rig.hosts.host("cp-3").files.remove("/var/lib/etcd/member", true);
    const step = (await toDo(tuned)).find((one) => one.id === "etcd.restart/cp-1");
    expect(step).toMatchObject({
      state: "refused",
      problem: {
        code: "etcd/quorum-at-risk",
        because: "2 of 3 voting members answer; 1 would be left, quorum is 2",
      },
    });
  });

  test("starts a stopped member before it restarts another", async () => {
    etcd.stop(rig.hosts.host("cp-3"));
    const planned = (await toDo(tuned)).find((step) => step.id === "etcd.restart/cp-1");
    expect(planned).toMatchObject({
      state: "needed",
      changes: [
        { verb: "update", what: "file /etc/etcd/etcd.env" },
        { verb: "restart", because: "/etc/etcd/etcd.env changes; once the others are back" },
      ],
    });
    await applied(tuned);
    expect(await toDo(tuned)).toEqual([]);
  });

  test("does not restart a member when another dies on the way there", async () => {
    rig.hosts.onOperation = (operation) => {
      if (operation.kind !== "change" || operation.host !== "cp-3" || operation.change.kind !== "run") return;
      if (operation.change.argv.includes("restart")) etcd.stop(rig.hosts.host("cp-2"));
    };
    const before = rig.hosts.host("cp-1").files.text("/etc/etcd/etcd.env");
    const result = await rig.apply(stepsOf(tuned));
    expect(commandsOn("cp-1", "systemctl restart")).toEqual([]);
    expect(rig.hosts.host("cp-1").files.text("/etc/etcd/etcd.env")).toBe(before);
    const codes = [...result.outcomes.values()].flatMap((one) => ("problem" in one ? [one.problem.code] : []));
    expect(codes).toContain("etcd/quorum-at-risk");
  });

  test("names certificates that are foreign, unreadable or open to others, and mends them without a restart", async () => {
    const one = rig.hosts.host("cp-1").files;
    const two = rig.hosts.host("cp-2").files;
    one.write("/etc/etcd/pki/peer.key", {
      content: two.text("/etc/etcd/pki/peer.key") ?? "",
      owner: "etcd",
      group: "etcd",
      mode: 0o600,
    });
    two.write("/etc/etcd/pki/server.crt", { content: one.text("/etc/etcd/pki/client.crt") ?? "" });
    two.write("/etc/etcd/pki/client.key", {
      content: two.text("/etc/etcd/pki/client.key") ?? "",
      owner: "etcd",
      group: "etcd",
      mode: 0o644,
    });
    const planned = await toDo(three);
    expect(planned.map((step) => step.id)).toEqual(["etcd.restart/cp-1", "etcd.restart/cp-2"]);
    const changes = planned.flatMap((step) => (step.state === "needed" ? step.changes : []));
    expect(changes).toMatchObject([
      { what: "certificate /etc/etcd/pki/peer.crt", because: "its key belongs to another certificate" },
      {
        what: "certificate /etc/etcd/pki/server.crt",
        because: expect.stringContaining('its common name is "etcdctl-cp-1"'),
      },
      { what: "file /etc/etcd/pki/client.key", from: "mode 0644", to: "mode 0600" },
    ]);
    await applied(three);
    expect(await toDo(three)).toEqual([]);
    for (const host of control) expect(commandsOn(host, "systemctl restart")).toEqual([]);
  });

  test("gets its authority back where a bundle of all the world's was put in its place", async () => {
    const { files } = rig.hosts.host("cp-1");
    const own = files.text("/etc/etcd/pki/ca.crt");
    files.write("/etc/etcd/pki/ca.crt", { content: (own ?? "").repeat(400) });
    const changes = (await toDo(three)).flatMap((step) => (step.state === "needed" ? step.changes : []));
    expect(changes).toMatchObject([
      { what: "file /etc/etcd/pki/ca.crt", because: "it is not the authority in the vault" },
      { verb: "restart", what: "service etcd.service" },
    ]);
    await applied(three);
    expect(files.text("/etc/etcd/pki/ca.crt")).toBe(own);
    expect(await toDo(three)).toEqual([]);
  });

  test("is not given another authority when the state folder is lost", async () => {
    await rig.world.vault.remove("etcd/ca.key");
    const step = (await toDo(three)).find((one) => one.id === "etcd.ca");
    expect(step).toMatchObject({
      state: "refused",
      problem: { code: "etcd/authority-missing", because: expect.stringContaining("cp-1, cp-2, cp-3 have etcd data") },
    });
  });
});

describe("etcd kubeadm runs by itself", () => {
  test("has no steps here", () => {
    expect(etcdSteps(sampleSpec({ etcd: { ...three.etcd, topology: "stacked" } }))).toEqual([]);
  });
});
