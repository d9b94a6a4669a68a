import { describe, expect, test } from "vitest";
import { fakeHosts } from "../../test/support/fake-hosts.ts";
import { fakeLinux } from "../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../test/support/host-look.ts";
import type { StepId } from "../engine/step.ts";
import type { HostName } from "../hosts/port.ts";
import { file } from "./file.ts";
import type { Resource } from "./resource.ts";
import { hostStateStep } from "./resource-group.ts";
import { type ServiceDeclaration, service } from "./service.ts";

const config = "/etc/thing.conf";
const unitFile = "/etc/systemd/system/thing.service";

function machine(declared: Partial<ServiceDeclaration> = {}, before: readonly Resource[] = []) {
  const linux = fakeLinux({ files: { [config]: "a\n", [unitFile]: "[Service]\n" } });
  const hosts = fakeHosts({ hosts: ["a"], base: linux });
  const host = hosts.host("a");
  const step = hostStateStep({
    id: "thing.run/a" as StepId,
    title: "Run thing",
    phase: "baseline",
    on: "a" as HostName,
    after: [],
    resources: [...before, service({ unit: "thing.service", loads: [config], unitFiles: [unitFile], ...declared })],
  });
  const check = () => step.check(lookAt(hosts, "a"));
  const apply = async () => {
    const found = await check();
    const from = host.changes.length;
    if (found.state === "needed") await step.apply(actOn(hosts, "a"), found.found);
    return host.changes.slice(from).map((one) => (one.kind === "run" ? one.argv.join(" ") : `${one.kind} ${one.path}`));
  };
  const unit = () => {
    const known = linux.unitsOf(host).get("thing.service");
    if (known === undefined) throw new Error("the unit was never asked for");
    return known;
  };
  return { host, check, apply, unit };
}

describe("a service", () => {
  test("is enabled and started, and then as declared", async () => {
    const { check, apply } = machine();
    expect(await check()).toMatchObject({
      state: "needed",
      changes: [{ verb: "update", what: "service thing.service", from: "disabled, stopped", to: "enabled, running" }],
    });
    expect(await apply()).toEqual(["systemctl enable -- thing.service", "systemctl start -- thing.service"]);
    expect(await check()).toMatchObject({ state: "satisfied" });
  });

  test("restarts with a file written in the same group, whose unit is reloaded first when it changed too", async () => {
    const at = machine({}, [file({ path: config, content: "b\n" }), file({ path: unitFile, content: "[Unit]\n" })]);
    await at.apply();
    at.host.files.write(config, "drifted\n");
    at.host.files.write(unitFile, "drifted\n");
    expect(await at.apply()).toEqual([
      `write ${config}`,
      `write ${unitFile}`,
      "systemctl daemon-reload",
      "systemctl restart -- thing.service",
    ]);
    expect(await at.apply()).toEqual([]);
  });

  test("does not restart because a mode was wrong", async () => {
    const at = machine({}, [file({ path: config, content: "b\n" })]);
    await at.apply();
    const there = at.host.files.get(config);
    at.host.files.write(config, { content: "b\n", mode: 0o600, modifiedAt: there?.modifiedAt ?? 0 });
    expect(await at.apply()).toEqual([`chmod -- 0644 ${config}`]);
  });

  test("restarts when its process is older than a file, and says so", async () => {
    const at = machine();
    await at.apply();
    at.host.files.write(config, "a\n");
    expect(await at.check()).toMatchObject({
      changes: [
        { verb: "restart", what: "service thing.service", because: `the running process is older than ${config}` },
      ],
    });
    expect(await at.apply()).toEqual(["systemctl restart -- thing.service"]);
    expect(await at.apply()).toEqual([]);
  });

  test("that reloads takes a changed file by reload, and is as declared afterwards", async () => {
    const at = machine({ onChange: "reload" });
    await at.apply();
    at.host.files.write(config, "a\n");
    expect(await at.apply()).toEqual(["systemctl reload-or-restart -- thing.service"]);
    expect(await at.apply()).toEqual([]);
  });

  test("that reloads is restarted for its unit file", async () => {
    const at = machine({ onChange: "reload" });
    await at.apply();
    at.host.files.write(unitFile, "[Service]\n");
    expect(await at.apply()).toEqual(["systemctl restart -- thing.service"]);
  });

  test("with a file dated in the future restarts once, not for ever", async () => {
    const at = machine();
    await at.apply();
    const future = at.unit().startedAt + 100_000;
    at.host.files.write(config, { content: "a\n", modifiedAt: future });
    expect(await at.check()).toMatchObject({
      changes: [{ because: `${config} is dated in the future, so nothing tells whether it is loaded` }],
    });
    expect(await at.apply()).toEqual([`touch --no-create -- ${config}`, "systemctl restart -- thing.service"]);
    expect(await at.apply()).toEqual([]);
  });

  test("that failed has its counter reset before it is started", async () => {
    const at = machine();
    await at.apply();
    Object.assign(at.unit(), { active: "failed", sub: "failed" });
    expect(await at.apply()).toEqual(["systemctl reset-failed -- thing.service", "systemctl start -- thing.service"]);
  });

  test("that is masked until reboot, as an installation leaves it, is unmasked and started", async () => {
    const at = machine();
    await at.apply();
    Object.assign(at.unit(), { load: "masked", unitFile: "masked-runtime", active: "inactive" });
    expect(await at.check()).toMatchObject({ changes: [{ from: "masked, stopped", to: "enabled, running" }] });
    expect(await at.apply()).toEqual([
      "systemctl unmask --runtime -- thing.service",
      "systemctl enable -- thing.service",
      "systemctl start -- thing.service",
    ]);
  });

  test("whose unit file on disk is newer than systemd's makes systemd reload", async () => {
    const at = machine();
    await at.apply();
    at.unit().needsDaemonReload = true;
    expect(await at.apply()).toContain("systemctl daemon-reload");
  });

  test("that is not to run is stopped and disabled", async () => {
    const at = machine({ running: false });
    await at.check();
    Object.assign(at.unit(), { load: "loaded", unitFile: "enabled", active: "active" });
    expect(await at.apply()).toEqual(["systemctl stop -- thing.service", "systemctl disable -- thing.service"]);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("cannot be managed on a host without systemd", async () => {
    const hosts = fakeHosts({
      hosts: ["a"],
      base: { runs: [{ argv: ["env"], answer: { exitCode: 127, stderr: "systemctl: not found" } }] },
    });
    const step = hostStateStep({
      id: "thing.run/a" as StepId,
      title: "Run thing",
      phase: "baseline",
      on: "a" as HostName,
      after: [],
      resources: [service({ unit: "thing.service" })],
    });
    await expect(step.check(lookAt(hosts, "a"))).rejects.toMatchObject({ problems: [{ code: "host/no-systemd" }] });
  });
});
