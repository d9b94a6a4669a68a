import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HostName } from "../../../src/hosts/port.ts";
import { openSshHosts, type SshHosts } from "../../../src/hosts/ssh-hosts.ts";
import type { Lab } from "../../../src/lab/lab.ts";
import { labDown } from "../../../src/lab/lab-down.ts";
import type { CheckReport, PreflightReport } from "../../../src/preflight/preflight-report.ts";
import { runPreflight } from "../../../src/preflight/run-preflight.ts";
import type { ClusterSpec, Role } from "../../../src/spec/cluster-spec.ts";
import { readClusterStatus } from "../../../src/status/read-cluster-status.ts";
import { labSkipReason, testLab } from "../../support/lab.ts";
import { sampleHost, sampleSpec } from "../../support/sample-spec.ts";

const roles: Readonly<Record<string, readonly Role[]>> = {
  "lb-1": ["load-balancer"],
  "cp-1": ["control-plane", "etcd"],
  "cp-2": ["control-plane", "etcd"],
};
const names = Object.keys(roles);
const skipReason = await labSkipReason(names.length);

describe.skipIf(skipReason !== undefined)(`preflight and status of bare machines ${skipReason ?? ""}`, () => {
  let lab: Lab & { freeAddress(last: number): string };
  let hosts: SshHosts;
  let spec: ClusterSpec;

  beforeAll(async () => {
    lab = await testLab({ machines: names, name: "preflight" });
    const target = (name: string) =>
      ({ host: lab.address(name), user: "root", identityFile: lab.identityFile, sudo: "none" }) as const;
    hosts = openSshHosts({
      targets: new Map(names.map((name) => [name as HostName, target(name)])),
      knownHostsFile: lab.knownHostsFile,
      keepAliveSeconds: 0,
    });
    const own = sampleSpec();
    spec = sampleSpec({
      hosts: Object.entries(roles).map(([name, of]) => sampleHost(name, lab.address(name), of)),
      endpoint: { ...own.endpoint, address: lab.freeAddress(50) } as ClusterSpec["endpoint"],
    });
  });
  afterAll(async () => {
    await hosts?.close();
    if (lab !== undefined) await labDown({ name: lab.name });
  });

  const checkOf = (report: PreflightReport, name: string): CheckReport | undefined =>
    report.checks.find((check) => check.name === name);
  const messagesOf = (report: PreflightReport, name: string) =>
    checkOf(report, name)?.findings.map((one) => one.problem.message) ?? [];

  test("understands every answer of a bare machine", async () => {
    const report = await runPreflight(spec, hosts, { measure: true });
    expect(report.unreachable).toEqual([]);
    const unknown = report.checks.flatMap((check) =>
      messagesOf(report, check.name).filter((one) => /found out/.test(one)),
    );
    expect(unknown).toEqual([]);
    for (const name of [
      "sudo",
      "systemd",
      "os-supported",
      "addresses",
      "ports-free",
      "vip-free",
      "host-reachability",
      "mtu",
    ]) {
      expect([name, checkOf(report, name)?.state, messagesOf(report, name)]).toEqual([name, "passed", []]);
    }
  });

  test("measures the disk of etcd and leaves no file behind", async () => {
    const report = await runPreflight(spec, hosts, { measure: true });
    expect(checkOf(report, "etcd-fsync")?.state).not.toBe("skipped");
    const { stdout } = await lab.exec("cp-1", ["find", "/var/lib", "-name", ".slipway-*"]);
    expect(stdout.toString()).toBe("");
  });

  test("says of bare machines that nothing is installed", async () => {
    const status = await readClusterStatus(spec, hosts, { now: new Date() });
    expect(status.unreachable).toEqual([]);
    expect(status.health).toBe("not-installed");
  });

  test("finds what was put in the way", async () => {
    const listen = "my $s = IO::Socket::INET->new(Listen => 1, LocalPort => 2379) or die; sleep 600";
    await lab.exec("cp-1", ["ip", "route", "add", "unreachable", lab.address("cp-2")]);
    await lab.exec("cp-1", ["systemd-run", "--quiet", "--unit=squat", "perl", "-MIO::Socket::INET", "-e", listen]);
    await lab.exec("cp-2", ["ip", "link", "set", "eth0", "mtu", "9000"]);
    await lab.exec("cp-2", ["ip", "addr", "add", `${spec.endpoint.address}/32`, "dev", "eth0"]);
    await lab.exec("cp-2", ["ip", "route", "add", "10.244.0.0/16", "via", lab.gateway]);
    const report = await runPreflight(spec, hosts, { measure: false });
    expect(messagesOf(report, "ports-free")).toEqual(["cp-1: port 2379 is taken, which clients of etcd needs"]);
    expect(messagesOf(report, "host-reachability")).toContain("cp-1: cp-2 cannot be reached on ports 2380, 2379");
    expect(messagesOf(report, "mtu")).toEqual(["cp-2: packets as large as the interface sends do not reach lb-1"]);
    expect(messagesOf(report, "vip-free")).toEqual([
      `cp-2: the host has the virtual IP ${spec.endpoint.address}, but is no load balancer`,
    ]);
    expect(messagesOf(report, "pod-network-overlap")).toEqual([
      "cp-2: the pod network 10.244.0.0/16 overlaps a network the host already reaches",
    ]);
  });
});
