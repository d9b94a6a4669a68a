import { describe, expect, test } from "vitest";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { type FakeLinuxScript, fakeLinux } from "../../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { Check, HostStep } from "../../engine/step.ts";
import type { RuntimeSpec } from "../../spec/cluster-spec.ts";
import { containerdSteps } from "./containerd-steps.ts";

const config = "/etc/containerd/config.toml";

function repositoryWith(version: string) {
  return { containerd: { version, units: ["containerd.service"], files: { [config]: "version = 2\n" } } };
}

function machine(runtime: Partial<RuntimeSpec> = {}, script: FakeLinuxScript = {}) {
  const linux = fakeLinux({ repository: repositoryWith("1.6.20~ds1-1"), ...script });
  const hosts = fakeHosts({ hosts: ["w-1"], base: linux });
  const host = hosts.host("w-1");
  const stepsFor = (changed: Partial<RuntimeSpec>) => {
    const spec = sampleSpec({ runtime: { ...sampleSpec().runtime, ...changed } });
    return containerdSteps(spec).filter((one) => one.on === "w-1") as HostStep[];
  };
  let steps = stepsFor(runtime);
  /** What the one step has to do that has something to do: either containerd runs, or it does not. */
  const check = async (): Promise<Check> => {
    const look = lookAt(hosts, "w-1");
    const checks = await Promise.all(steps.map((step) => step.check(look)));
    const open = checks.filter((one) => one.state !== "satisfied");
    expect(open.length).toBeLessThanOrEqual(1);
    return open[0] ?? { state: "satisfied", because: "" };
  };
  return {
    linux,
    host,
    declare: (changed: Partial<RuntimeSpec>) => {
      steps = stepsFor(changed);
    },
    check,
    apply: async () => {
      const from = host.changes.length;
      for (const step of steps) {
        const found = await step.check(lookAt(hosts, "w-1"));
        if (found.state === "needed") await step.apply(actOn(hosts, "w-1"), found.found);
      }
      return host.changes
        .slice(from)
        .map((one) => (one.kind === "run" ? one.argv.join(" ") : `${one.kind} ${one.path}`));
    },
  };
}

describe("containerd", () => {
  test("is set up on hosts that run pods and on no other", () => {
    expect(containerdSteps(sampleSpec()).map((one) => one.on)).toEqual(
      ["cp-1", "cp-2", "cp-3", "w-1", "w-2"].flatMap((host) => [host, host]),
    );
  });

  test("check changes nothing, and shows the configuration for the version apt would install", async () => {
    const { host, check } = machine();
    const found = await check();
    const changes = found.state === "needed" ? found.changes : [];
    expect(changes.map((one) => one.what)).toEqual([
      "package containerd",
      `file ${config}`,
      "file /etc/crictl.yaml",
      "service containerd.service",
    ]);
    expect(changes[1]?.diff).toContain("+version = 2");
    expect(host.changes).toEqual([]);
  });

  test("apply, then check, finds nothing to do, in two round trips", async () => {
    const { host, apply, check } = machine();
    await apply();
    const before = host.roundTrips;
    expect(await check()).toMatchObject({ state: "satisfied" });
    expect(host.roundTrips - before).toBe(2);
    expect(await apply()).toEqual([]);
  });

  test.each([
    ["1.6.20~ds1-1", "version = 2", 'plugins."io.containerd.grpc.v1.cri"'],
    ["1.7.24~ds1-6", "version = 2", 'plugins."io.containerd.grpc.v1.cri"'],
    ["2.0.2-1", "version = 3", 'plugins."io.containerd.cri.v1.images".pinned_images'],
    ["2.1.9+ds1-5", "version = 3", 'plugins."io.containerd.transfer.v1.local"'],
  ])("%s gets %s", async (version, first, table) => {
    const { host, apply } = machine({}, { repository: repositoryWith(version) });
    await apply();
    expect(host.files.text(config)).toContain(first);
    expect(host.files.text(config)).toContain(table);
  });

  test("an upgrade to another major version changes the configuration and restarts once", async () => {
    const at = machine();
    await at.apply();
    at.declare({ version: "2.1.9" });
    const found = await at.check();
    expect(found).toMatchObject({ changes: [{ from: "1.6.20~ds1-1", to: "2.1.9" }, { what: `file ${config}` }, {}] });
    const done = await at.apply();
    expect(at.host.files.text(config)).toContain("version = 3");
    expect(done.filter((one) => one.includes("systemctl restart"))).toHaveLength(1);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("a version that is pinned no more is held no more, and nothing restarts", async () => {
    const at = machine({ version: "1.6.20~ds1-1" });
    await at.apply();
    at.declare({});
    expect(await at.apply()).toEqual(["apt-mark unhold -- containerd", "remove /var/lib/slipway/holds/containerd"]);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("where nobody can tell which version comes, the plan says so, and apply writes for what came", async () => {
    const at = machine({}, { repository: { containerd: { version: "(none)" } } });
    const found = await at.check();
    const changes = found.state === "needed" ? found.changes : [];
    expect(changes).toContainEqual({
      verb: "update",
      what: `file ${config}`,
      because: "it is written for the containerd version that gets installed",
    });
  });

  test("a process older than its package is restarted", async () => {
    const at = machine();
    await at.apply();
    at.host.files.write("/var/lib/dpkg/info/containerd.list", "upgraded by somebody\n");
    expect(await at.apply()).toEqual(["systemctl restart -- containerd.service"]);
  });

  test("control groups are systemd's on cgroup v2 and runc's own on v1", async () => {
    const v2 = machine();
    await v2.apply();
    expect(v2.host.files.text(config)).toContain("SystemdCgroup = true");
    const v1 = machine({}, { cgroup: "tmpfs" });
    await v1.apply();
    expect(v1.host.files.text(config)).toContain("SystemdCgroup = false");
  });

  test("a host that may not lower oom_score_adj does not try to", async () => {
    const whole = machine();
    await whole.apply();
    expect(whole.host.files.text(config)).toContain("restrict_oom_score_adj = false");
    const container = machine({}, { capabilities: "00000000fcecbfff" });
    await container.apply();
    expect(container.host.files.text(config)).toContain("restrict_oom_score_adj = true");
  });

  test("a mirror that is declared no more is removed; one of somebody else's stays; containerd runs on", async () => {
    const mirror = { url: "https://mirror.example", skipVerify: false };
    const at = machine({ mirrors: { "docker.io": [mirror], "quay.io": [mirror] } });
    await at.apply();
    at.host.files.write("/etc/containerd/certs.d/own.example/hosts.toml", "server = 1\n");
    at.declare({ mirrors: { "docker.io": [mirror] } });
    expect(await at.apply()).toEqual(["remove /etc/containerd/certs.d/quay.io/hosts.toml"]);
    expect(at.host.files.text("/etc/containerd/certs.d/own.example/hosts.toml")).toBe("server = 1\n");
  });
});
