import { describe, expect, test } from "vitest";
import { fakeHosts } from "../../test/support/fake-hosts.ts";
import { fakeLinux } from "../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../test/support/host-look.ts";
import type { StepId } from "../engine/step.ts";
import { sysctlPath } from "../facts/sysctls.ts";
import type { HostName } from "../hosts/port.ts";
import { kernelModule } from "./kernel-module.ts";
import type { Resource } from "./resource.ts";
import { hostStateStep } from "./resource-group.ts";
import { sysctl } from "./sysctl.ts";

function machine(resources: readonly Resource[], files: Record<string, string> = {}) {
  const linux = fakeLinux({ files });
  const readOnly = {
    argv: ["sysctl"],
    answer: { exitCode: 255, stderr: "sysctl: setting key: Read-only file system" },
  };
  const hosts = fakeHosts({ hosts: { a: {}, readonly: { runs: [readOnly] } }, base: linux });
  const stepOn = (name: string) =>
    hostStateStep({
      id: `kernel.configure/${name}` as StepId,
      title: "Configure the kernel",
      phase: "baseline",
      on: name as HostName,
      after: [],
      resources,
    });
  const check = () => stepOn("a").check(lookAt(hosts, "a"));
  const apply = async (name = "a") => {
    const found = await stepOn(name).check(lookAt(hosts, name));
    if (found.state === "needed") await stepOn(name).apply(actOn(hosts, name), found.found);
    return hosts.host(name).commands();
  };
  return { check, apply };
}

describe("kernel settings", () => {
  test("are set by one command for all that differ", async () => {
    const at = machine([sysctl({ "net.ipv4.ip_forward": "1", "vm.swappiness": "0", "net.core.somaxconn": "4096" })]);
    expect(await at.apply()).toEqual(["sysctl -q -w -- net.ipv4.ip_forward=1 vm.swappiness=0"]);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("are the same however blanks are written", async () => {
    const at = machine([sysctl({ "net.ipv4.tcp_rmem": "4096  131072 6291456" })], {
      "/proc/sys/net/ipv4/tcp_rmem": "4096\t131072\t6291456",
    });
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("the kernel does not have are named, together", async () => {
    const at = machine([sysctl({ "a.b": "1", "c.d": "2" })]);
    expect(await at.check()).toMatchObject({
      state: "satisfied",
      because: "sysctl is as declared; a.b, c.d are not applicable: this kernel does not have them",
    });
  });

  test("that a module brings are planned before the module is there, and set after it", async () => {
    const key = "net.bridge.bridge-nf-call-iptables";
    const at = machine([
      kernelModule("br_netfilter"),
      sysctl({ [key]: "1" }, { broughtBy: { [key]: "kernel module br_netfilter" } }),
    ]);
    expect(await at.check()).toMatchObject({
      changes: [{ what: "kernel module br_netfilter" }, { what: `sysctl ${key}` }],
    });
    expect(await at.apply()).toEqual(["modprobe -- br_netfilter", `sysctl -q -w -- ${key}=1`]);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("the kernel refuses to change are an error with both values", async () => {
    const at = machine([sysctl({ "vm.swappiness": "0" })]);
    await expect(at.apply("readonly")).rejects.toMatchObject({
      problems: [
        {
          code: "host/sysctl-refused",
          because: "vm.swappiness stays 60, wanted 0",
          evidence: { lastLines: ["sysctl: setting key: Read-only file system"] },
        },
      ],
    });
  });

  test.each([
    ["net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"],
    ["net.ipv4.conf.eth0/100.forwarding", "/proc/sys/net/ipv4/conf/eth0.100/forwarding"],
    ["net/ipv4/conf/eth0.100/forwarding", "/proc/sys/net/ipv4/conf/eth0.100/forwarding"],
  ])("%s lives at %s", (key, path) => {
    expect(sysctlPath(key)).toBe(path);
  });

  test.each([
    "",
    "../etc/passwd",
    "net/../../etc/passwd",
    "a..b",
    "-w",
    "a b",
    "a\nb",
    "/etc/passwd",
    "a;b",
    "a.$(id)",
  ])("%j is no key", (key) => {
    expect(() => sysctlPath(key)).toThrow("host/bad-sysctl");
  });
});

describe("a kernel module", () => {
  test.each<[string, string, Record<string, string>]>([
    ["loaded", "dm-crypt", { "/sys/module/dm_crypt": "" }],
    ["built in, told by its settings", "br_netfilter", { "/proc/sys/net/bridge": "" }],
    ["built in, told by its file system", "overlay", { "/proc/filesystems": "nodev\tproc\n\text4\nnodev\toverlay\n" }],
  ])("that is %s is not loaded again", async (_, name, files) => {
    expect(await machine([kernelModule(name)], files).apply()).toEqual([]);
  });

  test("that is missing is loaded", async () => {
    expect(await machine([kernelModule("overlay")]).apply()).toEqual(["modprobe -- overlay"]);
  });
});
