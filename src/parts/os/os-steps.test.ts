import { describe, expect, test } from "vitest";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { type FakeLinuxScript, fakeLinux } from "../../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { HostStep } from "../../engine/step.ts";
import { osSteps } from "./os-steps.ts";

const repository = {
  chrony: { files: { "/etc/chrony/chrony.conf": "distribution's own\n" }, units: ["chrony.service"] },
} as const;

function machine(name: string, script: FakeLinuxScript = {}, spec = sampleSpec()) {
  const linux = fakeLinux({ repository, ...script });
  const hosts = fakeHosts({ hosts: [name], base: linux });
  const step = osSteps(spec).find((one) => one.on === name) as HostStep;
  const host = hosts.host(name);
  const check = () => step.check(lookAt(hosts, name));
  const apply = async () => {
    const found = await check();
    if (found.state === "needed") await step.apply(actOn(hosts, name), found.found);
    return found;
  };
  const whats = async () => {
    const found = await check();
    return found.state === "needed" ? found.changes.map((one) => one.what) : found.state;
  };
  return { linux, host, check, apply, whats };
}

describe("the baseline of a host", () => {
  test("check changes nothing on a bare host", async () => {
    const { host, check } = machine("cp-1");
    expect((await check()).state).toBe("needed");
    expect(host.changes).toEqual([]);
  });

  test.each(["cp-1", "w-1", "lb-1"])("apply, then check, finds nothing to do on %s", async (name) => {
    const { check, apply } = machine(name);
    await apply();
    expect(await check()).toMatchObject({ state: "satisfied" });
  });

  test("a second check costs two round trips", async () => {
    const { host, check, apply } = machine("cp-1");
    await apply();
    const before = host.roundTrips;
    await check();
    expect(host.roundTrips - before).toBe(2);
  });

  test("a second apply changes nothing", async () => {
    const { host, apply } = machine("cp-1");
    await apply();
    const before = host.changes.length;
    await apply();
    expect(host.changes.length).toBe(before);
  });

  test("chrony's configuration is there before its package", async () => {
    const { host, apply } = machine("cp-1");
    await apply();
    expect(host.files.text("/etc/chrony/chrony.conf")).toContain("pool 0.pool.ntp.org iburst");
    const kinds = host.changes.map((one) => (one.kind === "run" ? one.argv.join(" ") : `${one.kind} ${one.path}`));
    const written = kinds.indexOf("write /etc/chrony/chrony.conf");
    const installed = kinds.findIndex((one) => one.includes("apt-get") && one.includes(" install "));
    expect(written).toBeGreaterThanOrEqual(0);
    expect(installed).toBeGreaterThan(written);
  });

  test("a load balancer forwards nothing and may bind the virtual IP", async () => {
    const { host, apply } = machine("lb-1");
    await apply();
    const file = host.files.text("/etc/sysctl.d/99-zz-slipway.conf");
    expect(file).toContain("net.ipv4.ip_nonlocal_bind = 1");
    expect(file).not.toContain("ip_forward");
    expect(host.files.get("/etc/modules-load.d/slipway.conf")).toBeUndefined();
  });

  test("the user's kernel settings win", async () => {
    const spec = sampleSpec({ os: { ...sampleSpec().os, sysctls: { "net.ipv4.tcp_fin_timeout": "30" } } });
    const { host, apply } = machine("cp-1", {}, spec);
    await apply();
    expect(host.files.text("/proc/sys/net/ipv4/tcp_fin_timeout")).toBe("30");
  });

  test("where the clock may not be set, chronyd follows it only", async () => {
    const { host, apply, check } = machine("cp-1", { capabilities: "00000000fdecbfff" });
    await apply();
    expect(host.files.text("/etc/systemd/system/chrony.service.d/10-slipway.conf")).toContain("chronyd -F 1 -x");
    expect((await check()).state).toBe("satisfied");
  });

  test("swap is switched off, and its line in fstab commented out", async () => {
    const { host, apply, whats } = machine("cp-1", {
      files: {
        "/proc/swaps": "Filename\tType\tSize\tUsed\tPriority\n/dev/sda2 partition 1000 0 -2\n",
        "/etc/fstab": "/dev/sda1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n",
      },
    });
    expect(await whats()).toEqual(expect.arrayContaining(["swap /dev/sda2", "file /etc/fstab"]));
    await apply();
    expect(host.files.text("/etc/fstab")).toBe("/dev/sda1 / ext4 defaults 0 1\n# /dev/sda2 none swap sw 0 0\n");
  });

  test("a file that sets a kernel setting otherwise at the next boot is named with the setting it changed", async () => {
    const { host, apply, check } = machine("cp-1");
    await apply();
    host.files.write("/etc/sysctl.d/zz-tuning.conf", "# faster\nvm.swappiness = 10\nkernel.panic = 5\n");
    host.files.write("/etc/sysctl.d/10-early.conf", "vm.swappiness = 60\n");
    host.files.write("/proc/sys/vm/swappiness", "10");
    expect(await check()).toMatchObject({
      changes: [
        {
          what: "sysctl vm.swappiness",
          from: "10",
          to: "0",
          because: "/etc/sysctl.d/zz-tuning.conf sets it to 10 at boot, after /etc/sysctl.d/99-zz-slipway.conf",
        },
      ],
    });
    await apply();
    expect(host.files.text("/etc/sysctl.d/zz-tuning.conf")).toContain("vm.swappiness = 10");
  });

  test("what a preflight left that was cut off while it measured etcd's disk is removed", async () => {
    const { host, apply, whats } = machine("cp-1");
    await apply();
    host.files.write("/var/lib/.slipway-fsync", "x");
    expect(await whats()).toEqual(["file /var/lib/.slipway-fsync"]);
    await apply();
    expect(host.files.get("/var/lib/.slipway-fsync")).toBeUndefined();
  });

  test("a kernel setting the kernel does not have is named, and is no drift", async () => {
    const spec = sampleSpec({ os: { ...sampleSpec().os, sysctls: { "net.nowhere.key": "1" } } });
    const { apply, check } = machine("cp-1", {}, spec);
    await apply();
    expect(await check()).toMatchObject({
      state: "satisfied",
      because: expect.stringContaining("net.nowhere.key is not applicable: this kernel does not have it"),
    });
  });

  test("an unsupported distribution is refused by name", async () => {
    const { check } = machine("cp-1", { osRelease: 'ID=arch\nPRETTY_NAME="Arch Linux"\n' });
    await expect(check()).rejects.toMatchObject({ problems: [{ code: "host/unsupported-distribution" }] });
  });
});

describe("drift of the baseline is named, and mended without touching anything else", () => {
  test.each<[string, (at: ReturnType<typeof machine>) => void, string[], RegExp[]]>([
    [
      "an edited file",
      ({ host }) => host.files.write("/etc/chrony/chrony.conf", "server evil\n"),
      ["file /etc/chrony/chrony.conf", "service chrony.service"],
      [/^write .*chrony.conf$/, /^systemctl restart -- chrony.service$/],
    ],
    [
      "a wrong mode",
      ({ host }) => {
        const there = host.files.get("/etc/chrony/chrony.conf");
        if (there) host.files.write("/etc/chrony/chrony.conf", { ...there, content: there.bytes, mode: 0o666 });
      },
      ["file /etc/chrony/chrony.conf"],
      [/^chmod -- 0644 .*chrony.conf$/],
    ],
    [
      "a stopped service",
      ({ linux, host }) => Object.assign(linux.unitsOf(host).get("chrony.service") ?? {}, { active: "inactive" }),
      ["service chrony.service"],
      [/^systemctl start -- chrony.service$/],
    ],
    [
      "a disabled service",
      ({ linux, host }) => Object.assign(linux.unitsOf(host).get("chrony.service") ?? {}, { unitFile: "disabled" }),
      ["service chrony.service"],
      [/^systemctl enable -- chrony.service$/],
    ],
    [
      "a masked service",
      ({ linux, host }) =>
        Object.assign(linux.unitsOf(host).get("chrony.service") ?? {}, {
          load: "masked",
          unitFile: "masked",
          active: "inactive",
        }),
      ["service chrony.service"],
      [/^systemctl unmask/, /^systemctl enable/, /^systemctl start/],
    ],
    [
      "a process older than its file",
      ({ host }) => {
        const there = host.files.get("/etc/chrony/chrony.conf");
        if (there) host.files.write("/etc/chrony/chrony.conf", there.bytes.toString());
      },
      ["service chrony.service"],
      [/^systemctl restart -- chrony.service$/],
    ],
    [
      "a removed package",
      ({ linux, host }) => linux.packagesOf(host).delete("jq"),
      ["package jq"],
      [/^env .*apt-get .* install -- jq$/],
    ],
    [
      "swap that was switched on again",
      ({ host }) => host.files.write("/proc/swaps", "Filename Type Size Used Priority\n/swapfile file 1000 0 -2\n"),
      ["swap /swapfile"],
      [/^swapoff -a$/],
    ],
    [
      "swap at the next boot",
      ({ host }) => host.files.write("/etc/fstab", "/swapfile none swap sw 0 0\n"),
      ["file /etc/fstab"],
      [/^write .*fstab$/],
    ],
    [
      "a kernel setting changed at run time",
      ({ host }) => host.files.write("/proc/sys/vm/swappiness", "60"),
      ["sysctl vm.swappiness"],
      [/^sysctl -q -w -- vm.swappiness=0$/],
    ],
  ])("%s", async (_, breakIt, named, commands) => {
    const at = machine("cp-1");
    await at.apply();
    breakIt(at);
    expect(await at.whats()).toEqual(named);
    const before = at.host.changes.length;
    await at.apply();
    const done = at.host.changes
      .slice(before)
      .map((one) => (one.kind === "run" ? one.argv.join(" ") : `${one.kind} ${one.path}`));
    expect(done).toHaveLength(commands.length);
    for (const [index, command] of commands.entries()) expect(done[index]).toMatch(command);
    expect(await at.whats()).toBe("satisfied");
  });
});
