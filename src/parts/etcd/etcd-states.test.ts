import { beforeEach, describe, expect, test } from "vitest";
import { type EtcdRig, etcdRig } from "../../../test/support/etcd-rig.ts";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import { FactReader } from "../../engine/fact-reader.ts";
import { checkStep, conditionsOf } from "../../engine/look.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";

const control = ["cp-1", "cp-2", "cp-3"];
const dayMs = 24 * 3600_000;
const three = sampleSpec();
const four = sampleSpec({ hosts: [...three.hosts, sampleHost("e-4", "10.0.0.14", ["etcd"])] });
const tuned = sampleSpec({ etcd: { ...three.etcd, snapshotCount: 20_000 } });

let at: EtcdRig;
beforeEach(() => {
  at = etcdRig([...control, "e-4"]);
});

const ctl = (host: string, ...words: readonly string[]) =>
  at.host(host).change({ kind: "run", argv: ["etcdctl", ...words] });
const add = (name: string, address: string) =>
  ctl("cp-1", "member", "add", name, "--learner", `--peer-urls=https://${address}:2380`);

/** As a killed bootstrap leaves it: configured, and `begun` started with the birth file of all. */
async function interrupted(begun: readonly string[]): Promise<void> {
  const prepared = at.stepsOf(three).filter((step) => !/^etcd\.(bootstrap|start|restart|join|promote)/.test(step.id));
  await at.rig.apply(prepared);
  const urls = control.map((name, index) => `${name}=https://10.0.0.${11 + index}:2380`);
  for (const name of begun) {
    const host = at.host(name);
    host.files.write(
      "/etc/etcd/bootstrap.env",
      `# begun\nETCD_INITIAL_CLUSTER=${urls.join(",")}\nETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_TOKEN=first\n`,
    );
    await host.change({ kind: "run", argv: ["systemctl", "start", "--", "etcd.service"] });
  }
}

/** A learner that has started and has little of the log yet. */
async function laggingLearner(): Promise<void> {
  await at.applied(three);
  at.etcd.learnerGains = 2;
  await at.rig.apply(at.stepsOf(four).filter((step) => !/^etcd\.(join|promote)/.test(step.id)));
  await add("e-4", "10.0.0.14");
  const members = at.etcd.members.map((member, index) => `${member.name || "e-4"}=https://10.0.0.${11 + index}:2380`);
  at.host("e-4").files.write(
    "/etc/etcd/bootstrap.env",
    `# x\nETCD_INITIAL_CLUSTER=${members.join(",")}\nETCD_INITIAL_CLUSTER_STATE=existing\n`,
  );
  await at.host("e-4").change({ kind: "run", argv: ["systemctl", "start", "--", "etcd.service"] });
}

const append = (host: string, path: string, text: string) =>
  at.host(host).files.write(path, { content: `${at.host(host).files.text(path)}${text}` });

/** Makes a cluster that is in some state, and says which cluster file it is held against. */
const states: Readonly<Record<string, () => Promise<ClusterSpec>>> = {
  "no etcd anywhere": async () => three,
  "a bootstrap with one member of three": async () => {
    await interrupted(["cp-1"]);
    return three;
  },
  "a bootstrap with two members of three": async () => {
    await interrupted(["cp-1", "cp-2"]);
    return three;
  },
  "a bootstrap with two members of three, stopped": async () => {
    await interrupted(["cp-1", "cp-2"]);
    for (const host of ["cp-1", "cp-2"]) at.etcd.stop(at.host(host));
    return three;
  },
  "a healthy cluster": async () => {
    await at.applied(three);
    return three;
  },
  "a healthy cluster that is to grow": async () => {
    await at.applied(three);
    return four;
  },
  "a stopped member": async () => {
    await at.applied(three);
    at.etcd.stop(at.host("cp-2"));
    return three;
  },
  "a stopped cluster": async () => {
    await at.applied(three);
    for (const host of control) at.etcd.stop(at.host(host));
    return three;
  },
  "a member on a host that is off": async () => {
    await at.applied(three);
    at.etcd.stop(at.host("cp-3"));
    at.host("cp-3").unreachable = true;
    return three;
  },
  "a member that ran and lost its data": async () => {
    await at.applied(three);
    at.etcd.stop(at.host("cp-3"));
    at.host("cp-3").files.remove("/var/lib/etcd/member", true);
    return three;
  },
  "two of three members without data": async () => {
    await at.applied(three);
    for (const host of ["cp-2", "cp-3"]) {
      at.etcd.stop(at.host(host));
      at.host(host).files.remove("/var/lib/etcd/member", true);
    }
    return three;
  },
  "a learner that was added and never started": async () => {
    await at.applied(three);
    await add("e-4", "10.0.0.14");
    return four;
  },
  "a learner that lags behind": async () => {
    await laggingLearner();
    return four;
  },
  "a learner that lags behind and is stopped": async () => {
    await laggingLearner();
    at.etcd.stop(at.host("e-4"));
    return four;
  },
  "changed settings": async () => {
    await at.applied(three);
    return tuned;
  },
  "a member that ends with what was written into its settings": async () => {
    await at.applied(three);
    at.etcd.endsWith = /broken/;
    append("cp-2", "/etc/etcd/etcd.env", "# broken\n");
    await at.host("cp-2").change({ kind: "run", argv: ["systemctl", "restart", "--no-block", "--", "etcd.service"] });
    return three;
  },
  "expired certificates": async () => {
    await at.applied(three);
    at.rig.clock.advance(400 * dayMs);
    return three;
  },
  "a member that cannot be asked": async () => {
    await at.applied(three);
    at.host("cp-1").files.remove("/etc/etcd/pki/client.crt", false);
    return three;
  },
  "members with files as they should be that expired in memory": async () => {
    await at.applied(three);
    at.etcd.keepServing(at.host("cp-1"));
    at.rig.clock.advance(340 * dayMs);
    await at.apply(three);
    at.rig.clock.advance(30 * dayMs);
    return three;
  },
};

describe("every step that calls itself satisfied meets all it would verify", () => {
  test.each(Object.entries(states))("with %s", async (_, make) => {
    const spec = await make();
    at.rig.clock.advance(60_000);
    const { signal } = new AbortController();
    const { world } = at.rig;
    const broken: string[] = [];
    let satisfied = 0;
    for (const step of at.stepsOf(spec)) {
      const reader = new FactReader(world.hosts, signal);
      const check = await unlessUnreachable(() => checkStep(step, world, signal, reader));
      if (check?.state !== "satisfied") continue;
      satisfied += 1;
      for (const condition of conditionsOf(step, world)) {
        const verdict = await condition.holds(reader, signal);
        if (verdict.state === "not-yet") broken.push(`${step.id}, "${condition.title}": ${verdict.because}`);
        if (verdict.state === "never") broken.push(`${step.id}, "${condition.title}": ${verdict.problem.message}`);
      }
    }
    expect(broken).toEqual([]);
    expect(satisfied).toBeGreaterThan(0);
  });
});

async function unlessUnreachable<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof ProblemError && cause.problem.code.startsWith("ssh/")) return undefined;
    throw cause;
  }
}

describe("a learner", () => {
  test("is waited for until etcd would promote it", async () => {
    await at.applied(three);
    at.etcd.learnerGains = 7;
    await at.applied(four);
    expect(at.etcd.members.every((member) => !member.learner)).toBe(true);
    expect(await at.toDo(four)).toEqual([]);
  });

  test("that an earlier run left behind the log is waited for, and not promoted before", async () => {
    await laggingLearner();
    const join = (await at.toDo(four)).find((step) => step.id === "etcd.join/e-4");
    expect(join).toMatchObject({ state: "needed", changes: [{ verb: "run", what: "wait for etcd learner e-4" }] });
    await at.applied(four);
    expect(await at.toDo(four)).toEqual([]);
  });

  test("is refused its vote by etcd while it lags", async () => {
    await laggingLearner();
    const id = at.etcd.members.find((member) => member.learner)?.id.toString(16) ?? "";
    await expect(ctl("cp-1", "member", "promote", id)).rejects.toMatchObject({
      problem: { evidence: { lastLines: [expect.stringContaining("in sync with leader"), ""] } },
    });
  });
});

describe("a bootstrap that was interrupted", () => {
  test("is not gone on with while one of its hosts is unreachable, and changes nothing", async () => {
    await interrupted(["cp-1"]);
    at.host("cp-3").unreachable = true;
    const bootstrap = (await at.toDo(three)).find((step) => step.id === "etcd.bootstrap");
    expect(bootstrap).toMatchObject({ state: "refused", problem: { code: "ssh/unreachable" } });
    const before = at.rig.hosts.changeCount();
    await expect(at.apply(three)).rejects.toThrow("ssh/unreachable");
    expect(at.rig.hosts.changeCount()).toBe(before);
    expect(at.etcd.bootstraps).toBe(1);
  });
});

describe("an etcd that a package brought and a reboot started", () => {
  const start = (host: string) =>
    at.host(host).change({ kind: "run", argv: ["systemctl", "start", "--", "etcd.service"] });
  const stops = (host: string) =>
    at
      .host(host)
      .commands()
      .filter((line) => line === "systemctl stop -- etcd.service");

  /** Installed and not configured, and the unit of the package runs with data of its own. */
  async function stranger(host: string): Promise<void> {
    const installed = at.stepsOf(three).filter((step) => /^etcd\.(ca|install|certs|client-certs)/.test(step.id));
    await at.rig.apply(installed);
    at.etcd.runsStranger(at.host(host));
  }

  test("is stopped where no member was born, before one is", async () => {
    await stranger("cp-2");
    await at.applied(three);
    expect(stops("cp-2")).toHaveLength(1);
    expect(at.etcd.bootstraps).toBe(1);
    expect(await at.toDo(three)).toEqual([]);
  });

  test("is told from a living member, which is never stopped", async () => {
    await at.applied(three);
    const before = control.flatMap(stops).length;
    at.host("cp-2").files.remove("/etc/systemd/system/etcd.service", false);
    await start("cp-2");
    await at.applied(three);
    expect(control.flatMap(stops)).toHaveLength(before);
    expect(await at.toDo(three)).toEqual([]);
  });
});
