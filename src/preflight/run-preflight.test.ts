import { describe, expect, test } from "vitest";
import { bareHosts } from "../../test/support/bare-hosts.ts";
import { sampleHost, sampleSpec } from "../../test/support/sample-spec.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import { preflightChecks, preflightNames } from "./preflight-checks.ts";
import { preflightErrors } from "./preflight-report.ts";
import { preflightText } from "./preflight-text.ts";
import { runPreflight } from "./run-preflight.ts";

const measure = { measure: true };
const third = sampleHost("w-3", "10.0.0.33", ["worker"]);
const spec = (over: Partial<ClusterSpec> = {}) => sampleSpec({ hosts: [...sampleSpec().hosts, third], ...over });

describe("runPreflight", () => {
  test("passes every check on hosts that are as they should be", async () => {
    const report = await runPreflight(spec(), bareHosts(spec()), measure);
    expect(report.checks.filter((check) => check.state !== "passed")).toEqual([]);
    expect(report).toMatchObject({ hosts: 8, errors: 0, warnings: 0, unreachable: [] });
    expect(preflightErrors(report)).toEqual([]);
  });

  test("runs every check that can be downgraded, under its stable name", async () => {
    const report = await runPreflight(spec(), bareHosts(spec()), measure);
    expect(report.checks.map((check) => check.name)).toEqual(["downgrades", ...preflightNames]);
    expect(report.checks.map((check) => check.name)).toEqual(preflightChecks.map((check) => check.name));
    expect(new Set(preflightNames).size).toBe(preflightNames.length);
  });

  test("changes nothing on a host without measuring", async () => {
    const hosts = bareHosts(spec());
    const report = await runPreflight(spec(), hosts, { measure: false });
    for (const { name } of spec().hosts) expect(hosts.host(name).changes).toEqual([]);
    expect(report.checks.find((check) => check.name === "etcd-fsync")?.state).toBe("skipped");
  });

  test("measures on hosts with etcd and nowhere else", async () => {
    const hosts = bareHosts(spec());
    await runPreflight(spec(), hosts, measure);
    const changed = spec().hosts.filter(({ name }) => hosts.host(name).changes.length > 0);
    expect(changed.map((host) => host.name)).toEqual(["cp-1", "cp-2", "cp-3"]);
  });

  test("asks a host everything about itself at once", async () => {
    const hosts = bareHosts(spec());
    await runPreflight(spec(), hosts, { measure: false });
    // The host itself, what is between hosts, and who answers for the virtual IP.
    for (const { name } of spec().hosts) expect(hosts.host(name).roundTrips).toBeLessThanOrEqual(3);
  });

  test("lists an unreachable host once and judges the others", async () => {
    const report = await runPreflight(spec(), bareHosts(spec(), { "w-2": undefined, "w-1": { cores: 1 } }), measure);
    expect(report.unreachable.map((one) => one.host)).toEqual(["w-2"]);
    expect(report.unreachable[0]?.problem.code).toBe("ssh/unreachable");
    expect(report.hosts).toBe(7);
    expect(preflightErrors(report).map((problem) => problem.code)).toEqual(["preflight/host-cpu"]);
  });

  test("skips what it cannot ask when no host answers", async () => {
    const none = Object.fromEntries(spec().hosts.map((host) => [host.name, undefined]));
    const report = await runPreflight(spec(), bareHosts(spec(), none), measure);
    expect(report.unreachable).toHaveLength(8);
    expect(report.errors).toBe(0);
    expect(report.checks.filter((check) => check.state === "passed").map((check) => check.name)).toEqual([
      "downgrades",
      "host-count",
      "bundle",
    ]);
  });

  test("asks only the hosts it is limited to", async () => {
    const hosts = bareHosts(spec(), { "cp-1": { cores: 1 } });
    const report = await runPreflight(spec(), hosts, { ...measure, only: [third.name] });
    expect(report.hosts).toBe(1);
    expect(report.errors).toBe(0);
    expect(hosts.host("cp-1").roundTrips).toBe(0);
  });

  test("makes equal findings of several hosts one", async () => {
    const few = { cores: 2 };
    const report = await runPreflight(spec(), bareHosts(spec(), { "w-1": few, "w-2": few, "w-3": few }), measure);
    const [problem] = preflightErrors(report);
    expect(preflightErrors(report)).toHaveLength(1);
    expect(problem).toMatchObject({
      code: "preflight/host-cpu",
      message: "w-1..3: fewer CPU cores than a worker needs",
      because: "found 2 cores; a worker needs at least 4 cores",
    });
    expect(problem?.where).toBeUndefined();
  });

  test("says which host has what when the numbers differ", async () => {
    const report = await runPreflight(spec(), bareHosts(spec(), { "w-1": { cores: 2 }, "w-2": { cores: 3 } }), measure);
    expect(preflightErrors(report)[0]?.because).toBe(
      "w-1: found 2 cores; a worker needs at least 4 cores; w-2: found 3 cores; a worker needs at least 4 cores",
    );
  });

  test("makes an error a warning with the reason of the cluster file", async () => {
    const downgraded = spec({ preflight: { downgrade: [{ check: "host-cpu", reason: "a lab" }] } });
    const report = await runPreflight(downgraded, bareHosts(downgraded, { "w-1": { cores: 2 } }), measure);
    expect(report.errors).toBe(0);
    const check = report.checks.find((one) => one.name === "host-cpu");
    expect(check?.state).toBe("warning");
    expect(check?.findings[0]).toMatchObject({ severity: "warning", downgraded: "a lab" });
    expect(check?.findings[0]?.problem.severity).toBe("warning");
    expect(preflightText(report, { colors: false, width: 100 })).toContain("downgraded in the cluster file: a lab");
  });

  test("refuses a downgrade of a check there is none of", async () => {
    const wrong = spec({ preflight: { downgrade: [{ check: "etcd-fsnyc", reason: "slow" }] } });
    const report = await runPreflight(wrong, bareHosts(wrong), measure);
    expect(preflightErrors(report)[0]?.message).toBe('preflight.downgrade names "etcd-fsnyc", which is no check');
  });

  test("warns of an answer it does not understand, with the answer", async () => {
    const report = await runPreflight(spec(), bareHosts(spec(), { "w-1": { kernel: "none" } }), measure);
    const check = report.checks.find((one) => one.name === "kernel-version");
    expect(check?.state).toBe("warning");
    expect(check?.findings[0]?.problem.evidence?.lastLines).toEqual(["none x86_64"]);
  });

  test("stops when it is aborted", async () => {
    const controller = new AbortController();
    controller.abort(new Error("interrupted"));
    await expect(runPreflight(spec(), bareHosts(spec()), { ...measure, signal: controller.signal })).rejects.toThrow(
      "interrupted",
    );
  });
});
