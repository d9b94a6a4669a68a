import { beforeEach, describe, expect, test } from "vitest";
import { type EtcdRig, etcdRig } from "../../../test/support/etcd-rig.ts";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import { Secret } from "../../hosts/secret.ts";
import { createAuthority } from "../../pki/certificate-authority.ts";
import { issueCertificate } from "../../pki/issue-certificate.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { memberCertificates } from "./etcd-certificates.ts";

const control = ["cp-1", "cp-2", "cp-3"];
const pki = "/etc/etcd/pki";
const environment = "/etc/etcd/etcd.env";
const dayMs = 24 * 3600_000;
const three = sampleSpec();
const five = sampleSpec({
  hosts: [...three.hosts, sampleHost("e-4", "10.0.0.14", ["etcd"]), sampleHost("e-5", "10.0.0.15", ["etcd"])],
});
const tuned = sampleSpec({ etcd: { ...three.etcd, snapshotCount: 20_000 } });

let at: EtcdRig;
/** What was done to which member, in order: "cp-1 write /etc/etcd/etcd.env", "cp-1 restart". */
let done: string[];

beforeEach(async () => {
  at = etcdRig([...control, "e-4", "e-5"]);
  await at.applied(three);
  at.rig.clock.advance(60_000);
  done = [];
  at.rig.hosts.onOperation = (operation) => {
    if (operation.kind !== "change") return;
    const { host, change } = operation;
    if (change.kind === "write" && change.path.startsWith("/etc/etcd/")) done.push(`${host} write ${change.path}`);
    if (change.kind === "run" && /systemctl restart/.test(change.argv.join(" "))) done.push(`${host} restart`);
  };
});

const textOn = (host: string, path: string) => at.host(host).files.text(path);
const hostsIn = (lines: readonly string[]) => [...new Set(lines.map((line) => line.split(" ")[0] ?? ""))];
const isRunTogether = (lines: readonly string[]) =>
  lines.filter((line, index) => index === 0 || line.split(" ")[0] !== lines[index - 1]?.split(" ")[0]).length ===
  hostsIn(lines).length;
const whatIsToDo = async (spec: ClusterSpec) =>
  (await at.toDo(spec)).flatMap((step) =>
    step.state === "needed" ? step.changes.map((change) => `${step.on}: ${change.verb} ${change.what}`) : [step.id],
  );
const hostSpec = (name: string): HostSpec => {
  const found = three.hosts.find((host) => host.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

/** Another certificate of the same authority, as good as the one before. */
async function exchange(host: string, name: "server" | "peer"): Promise<void> {
  const { vault } = at.rig.world;
  const [certificate, key] = await Promise.all([vault.read("etcd/ca.crt"), vault.read("etcd/ca.key")]);
  const wanted = memberCertificates(hostSpec(host)).files.find((one) => one.certificatePath.endsWith(`/${name}.crt`));
  if (certificate === undefined || key === undefined || wanted === undefined) throw new Error("nothing to sign with");
  const authority = { certificate: certificate.reveal().toString("utf8"), key };
  const made = await issueCertificate(authority, wanted.request, at.rig.clock.now());
  const { files } = at.host(host);
  files.write(wanted.certificatePath, { content: made.certificate });
  files.write(wanted.keyPath, {
    content: new Secret(made.key.reveal()).reveal(),
    mode: 0o600,
    owner: "etcd",
    group: "etcd",
  });
}

describe("changed settings", () => {
  test("are written to a member right before its restart, and to no other before it is healthy again", async () => {
    await at.applied(tuned);
    expect(done).toHaveLength(6);
    expect(isRunTogether(done)).toBe(true);
    expect(hostsIn(done)).toHaveLength(3);
    expect(await at.toDo(tuned)).toEqual([]);
  });

  test("that etcd does not take stay on one member, and the next apply with good ones mends it", async () => {
    at.etcd.endsWith = /SNAPSHOT_COUNT=20000/;
    const before = new Map(control.map((host) => [host, textOn(host, environment)]));
    const { outcomes } = await at.apply(tuned);
    expect([...outcomes.values()].filter((one) => one.outcome === "failed")).toHaveLength(1);
    const damaged = control.filter((host) => textOn(host, environment) !== before.get(host));
    expect(damaged).toHaveLength(1);
    expect(at.etcd.leader).toBeDefined();
    await at.applied(three);
    expect(control.map((host) => textOn(host, environment))).toEqual([...before.values()]);
    expect(control.every((host) => at.etcd.isRunning(at.host(host)))).toBe(true);
    expect(await at.toDo(three)).toEqual([]);
  });

  test("are mended where two of three members end as soon as they start", async () => {
    at.etcd.endsWith = /broken/;
    for (const host of ["cp-2", "cp-3"]) {
      at.host(host).files.write(environment, { content: `${textOn(host, environment)}# broken\n` });
      await at.host(host).change({ kind: "run", argv: ["systemctl", "restart", "--no-block", "--", "etcd.service"] });
    }
    expect(at.etcd.leader).toBeUndefined();
    await at.applied(three);
    expect(at.etcd.leader).toBeDefined();
    expect(await at.toDo(three)).toEqual([]);
  });

  test("of a stopped cluster are loaded after it was started with the old ones", async () => {
    for (const host of control) at.etcd.stop(at.host(host));
    await at.applied(tuned);
    expect(isRunTogether(done.filter((line) => line.includes("write")))).toBe(true);
    expect(await at.toDo(tuned)).toEqual([]);
  });

  test("in a file of one member are named, and mended there alone", async () => {
    at.host("cp-2").files.write(environment, { content: `${textOn("cp-2", environment)}# edited\n` });
    expect(await whatIsToDo(three)).toEqual([
      "cp-2: update file /etc/etcd/etcd.env",
      "cp-2: restart service etcd.service",
    ]);
    await at.applied(three);
    expect(hostsIn(done)).toEqual(["cp-2"]);
    expect(await at.toDo(three)).toEqual([]);
  });

  test("of where it listens, edited by hand, are mended, and are no change of its address", async () => {
    for (const [edited, to] of [
      ["LISTEN_PEER_URLS=https://10.0.0.12", "LISTEN_PEER_URLS=https://0.0.0.0"],
      ["INITIAL_ADVERTISE_PEER_URLS=https://10.0.0.12", "INITIAL_ADVERTISE_PEER_URLS=https://0.0.0.0"],
    ] as const) {
      const text = textOn("cp-2", environment) ?? "";
      expect(text).toContain(edited);
      at.host("cp-2").files.write(environment, { content: text.replace(edited, to) });
      expect((await at.toDo(three)).filter((step) => step.state === "refused")).toEqual([]);
      expect(await whatIsToDo(three)).toContain("cp-2: update file /etc/etcd/etcd.env");
      at.host("cp-2").files.write(environment, { content: text });
    }
  });

  test("reach a host without a member at once with all others", async () => {
    at.rig.hosts.onOperation = undefined;
    await at.applied(five);
    expect(await at.toDo(five)).toEqual([]);
  });
});

describe("the leader", () => {
  test.each(control)("%s is restarted last, after it has handed over to one that is done", async (name) => {
    const leads = () => at.etcd.leader?.name;
    const target = at.etcd.members.find((member) => member.name === name);
    if (leads() !== name) {
      const argv = ["etcdctl", "move-leader", target?.id.toString(16) ?? ""];
      await at.host(leads() ?? "").change({ kind: "run", argv });
    }
    expect(leads()).toBe(name);
    const [elections, moves] = [at.etcd.elections, at.etcd.moves.length];
    await at.applied(tuned);
    expect(at.etcd.elections - elections + (at.etcd.moves.length - moves)).toBe(1);
    expect(at.etcd.moves.length - moves).toBe(1);
    expect(done.filter((line) => line.endsWith("restart")).at(-1)).toBe(`${name} restart`);
  });
});

describe("certificates of living members", () => {
  test("that are due are replaced on one member after the other, and served without a restart", async () => {
    at.rig.clock.advance(340 * dayMs);
    const old = control.map((host) => textOn(host, `${pki}/peer.crt`));
    await at.applied(three);
    const own = done.filter((line) => line.includes(`${pki}/`));
    expect(own).toHaveLength(18);
    expect(isRunTogether(own)).toBe(true);
    expect(done.filter((line) => line.endsWith("restart"))).toEqual([]);
    expect(control.map((host) => textOn(host, `${pki}/peer.crt`)).filter((pem) => old.includes(pem))).toEqual([]);
    expect(await at.toDo(three)).toEqual([]);
  });

  test("are not replaced on the next member while the port of one serves the old one", async () => {
    at.rig.clock.advance(340 * dayMs);
    for (const host of control) at.etcd.keepServing(at.host(host));
    const { outcomes } = await at.apply(three);
    expect([...outcomes.values()].filter((one) => one.outcome === "unverified")).toHaveLength(1);
    expect(hostsIn(done)).toHaveLength(1);
  });

  test.each([
    ["server", 2379],
    ["peer", 2380],
  ] as const)("named where a process serves an old %s certificate, and loaded by a restart", async (name, port) => {
    at.etcd.keepServing(at.host("cp-2"));
    await exchange("cp-2", name);
    expect(await whatIsToDo(three)).toEqual([
      `cp-2: update certificate served on port ${port}`,
      "cp-2: restart service etcd.service",
    ]);
    await at.applied(three);
    expect(done).toEqual(["cp-2 restart"]);
    expect(await at.toDo(three)).toEqual([]);
  });

  test.each(["no-new", "continue"] as const)(
    "stay as they are on all others while one is ill (%s)",
    async (onFailure) => {
      at.rig.clock.advance(340 * dayMs);
      const { onOperation } = at.rig.hosts;
      at.rig.hosts.onOperation = (operation) => {
        const told = onOperation?.(operation);
        const isTouched = done.some((line) => line.startsWith(`${operation.host} write ${pki}/`));
        if (isTouched && at.etcd.deaf.size === 0) at.etcd.deaf.add(at.host(operation.host));
        return told;
      };
      await at.rig.apply(at.stepsOf(three), { onFailure });
      expect(hostsIn(done)).toHaveLength(1);
      at.rig.hosts.onOperation = onOperation;
      at.etcd.deaf.clear();
      await at.applied(three);
      expect(await at.toDo(three)).toEqual([]);
    },
  );

  test("that have expired everywhere are replaced with changed settings too, in more than one apply", async () => {
    at.rig.clock.advance(400 * dayMs);
    for (let round = 0; round < 3; round += 1) await at.apply(tuned);
    await at.applied(tuned);
    expect(at.etcd.leader).toBeDefined();
    expect(await at.toDo(tuned)).toEqual([]);
  });

  test("that have expired everywhere are replaced although no member answers", async () => {
    at.rig.clock.advance(400 * dayMs);
    expect(at.etcd.leader).toBeUndefined();
    await at.applied(three);
    expect(at.etcd.leader).toBeDefined();
    expect(isRunTogether(done)).toBe(true);
    expect(await at.toDo(three)).toEqual([]);
  });
});

describe("an authority in the state folder that is not the cluster's", () => {
  async function exchangeAuthority(): Promise<() => Promise<void>> {
    const { vault } = at.rig.world;
    const [certificate, key] = await Promise.all([vault.read("etcd/ca.crt"), vault.read("etcd/ca.key")]);
    if (certificate === undefined || key === undefined) throw new Error("there is no authority");
    const other = await createAuthority("demo etcd CA", at.rig.clock.now());
    await vault.write("etcd/ca.crt", new Secret(other.certificate));
    await vault.write("etcd/ca.key", other.key);
    return async () => {
      await vault.write("etcd/ca.crt", certificate);
      await vault.write("etcd/ca.key", key);
    };
  }

  test("is refused before any member or API server is given a certificate of it", async () => {
    const putBack = await exchangeAuthority();
    const refused = (await at.toDo(three)).filter((step) => step.state === "refused");
    expect(refused).toMatchObject([
      {
        id: "etcd.ca",
        problem: {
          code: "etcd/authority-foreign",
          because: "cp-1, cp-2, cp-3 of 3 etcd hosts with data trust another authority, and would refuse them",
        },
      },
    ]);
    await expect(at.apply(three)).rejects.toThrow("etcd/authority-foreign");
    await at.rig.apply(at.stepsOf(three), { onFailure: "continue" });
    expect(done).toEqual([]);
    await putBack();
    expect(await at.toDo(three)).toEqual([]);
  });

  test("is refused when a minority cannot be asked", async () => {
    await exchangeAuthority();
    at.host("cp-3").unreachable = true;
    expect((await at.toDo(three)).map((step) => step.state)).toContain("refused");
  });
});

describe("a look at a healthy cluster", () => {
  test("has nothing to do where a host is too busy to say what its ports serve", async () => {
    at.etcd.slow.add(at.host("cp-2"));
    expect(await at.toDo(three)).toEqual([]);
  });

  test("costs at most two round trips per host", async () => {
    const before = at.rig.hosts.used().map((host) => host.roundTrips);
    expect(await at.toDo(three)).toEqual([]);
    const trips = at.rig.hosts.used().map((host, index) => host.roundTrips - (before[index] ?? 0));
    expect(Math.max(...trips)).toBeLessThanOrEqual(2);
  });
});

describe("what a living member cannot change", () => {
  test("its address, which the cluster file has changed, is refused", async () => {
    const hosts = three.hosts.map((host) => (host.name === "cp-2" ? { ...host, address: "10.0.0.99" } : host));
    const moved = sampleSpec({ hosts });
    const refused = (await at.toDo(moved)).filter((step) => step.state === "refused");
    expect(refused.map((step) => step.id)).toContain("etcd.restart/cp-2");
    expect(refused[0]).toMatchObject({
      problem: {
        code: "etcd/fixed-setting-changed",
        message: "the address of the etcd member on cp-2 cannot change from 10.0.0.12 to 10.0.0.99",
        hint: { text: expect.stringContaining("back to 10.0.0.12") },
      },
    });
    const before = at.rig.hosts.changeCount();
    await expect(at.apply(moved)).rejects.toThrow("etcd/fixed-setting-changed");
    expect(at.rig.hosts.changeCount()).toBe(before);
  });

  const release = (version: string) =>
    sampleSpec({ etcd: { ...three.etcd, source: { from: "release", version, sha256: "0".repeat(64) } } });

  test.each(["3.3.27", "3.6.1", "4.0.0"])("its version 3.4.23 to %s, which etcd does not do", async (version) => {
    const refused = (await at.toDo(release(version))).filter((step) => step.state === "refused");
    expect(refused.map((step) => step.id)).toEqual(control.map((host) => `etcd.restart/${host}`));
    expect(refused[0]).toMatchObject({
      problem: {
        code: "etcd/version-out-of-reach",
        message: `etcd member cp-1 cannot change to version ${version} while one runs 3.4.23`,
        hint: { text: expect.stringContaining("3.4 or 3.5") },
      },
    });
  });

  test.each([
    ["another member runs a version that is two behind", "3.5.9", "3.6.1", "3.4.23"],
    ["another member runs a higher one", "3.5.9", "3.4.30", "3.5.9"],
  ])("its version, where %s", async (_, own, wanted, named) => {
    at.etcd.versions.set(at.host("cp-1"), own);
    const refused = (await at.toDo(release(wanted))).filter((step) => step.state === "refused");
    expect(refused.map((step) => step.id)).toEqual(control.map((host) => `etcd.restart/${host}`));
    expect(refused[0]).toMatchObject({ problem: { message: expect.stringContaining(`while one runs ${named}`) } });
  });

  test("its version, where no member says which it is", async () => {
    for (const host of control) at.host(host).files.remove(`${pki}/client.crt`, false);
    const refused = (await at.toDo(release("3.5.9"))).filter((step) => step.state === "refused");
    expect(refused.map((step) => step.id)).toEqual(control.map((host) => `etcd.restart/${host}`));
    expect(refused[0]).toMatchObject({ problem: { code: "etcd/version-out-of-reach" } });
  });

  test("its version may go up by one minor version, and to another patch", async () => {
    for (const version of ["3.4.30", "3.4.20", "3.5.9"]) {
      expect((await at.toDo(release(version))).filter((step) => step.state === "refused")).toEqual([]);
    }
  });
});
