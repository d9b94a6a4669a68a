import { describe, expect, test } from "vitest";
import { neededStep, planOf, summaryOf } from "../../test/support/sample-run.ts";
import type { PlannedStep } from "../engine/plan.ts";
import type { StepId } from "../engine/step.ts";
import type { Problem } from "../problems/problem.ts";
import { planText } from "./plan-text.ts";

const plain = { colors: false, width: 80 };
const baseline = (host: string): ReturnType<typeof summaryOf> =>
  summaryOf(`os.baseline/${host}`, `Prepare the operating system on ${host}`, "baseline", host, "restarts-component");
const satisfied = (host: string): PlannedStep => ({
  ...baseline(host),
  after: [],
  state: "satisfied",
  because: "every resource is as declared",
});
const join = (host: string): ReturnType<typeof summaryOf> =>
  summaryOf(`etcd.member.join/${host}`, `Join ${host} to the etcd cluster`, "etcd", host, "changes-etcd-membership");
const unreachable = (host: string): { host: string; problem: Problem } => ({
  host,
  problem: {
    code: "ssh/unreachable",
    severity: "error",
    message: `${host}: does not answer`,
    because: "port 22 timed out",
  },
});

describe("the plan as text", () => {
  test("folds what is equal on several hosts, phase by phase", () => {
    const hosts = ["lb-1", "lb-2", "cp-1", "cp-2", "cp-3", "w-1", "w-2"];
    const plan = planOf(
      [
        ...hosts.map((host) =>
          neededStep(baseline(host), [
            { verb: "create", what: "package chrony", to: "4.3-2" },
            {
              verb: "update",
              what: "file /etc/hosts",
              diff: `@@ -1 +1,2 @@\n 127.0.0.1 localhost\n+10.0.0.1 ${host.startsWith("lb") ? "a" : "b"}\n`,
            },
            ...(host === "w-1" ? [{ verb: "delete" as const, what: "file /etc/old.conf", from: "0644" }] : []),
            { verb: "restart", what: "service chrony.service", because: "its files changed" },
          ]),
        ),
        neededStep(join("cp-1"), [{ verb: "run", what: "etcd member cp-1", from: "learner", to: "voter" }]),
        ...["cp-2", "cp-3"].map(
          (host): PlannedStep => ({
            ...join(host),
            after: [],
            state: "unknown",
            until: "etcd.member.join/cp-1" as StepId,
            because: "there is no cluster to join yet",
          }),
        ),
        {
          ...summaryOf("etcd.quorum/cluster", "Check the quorum of etcd", "etcd", "cluster"),
          after: [],
          state: "refused",
          problem: {
            code: "etcd/quorum-at-risk",
            severity: "error",
            message: "cp-2: cannot be stopped",
            because: "2 of 3 members answer; the quorum is 2",
          },
        },
      ],
      ["w-3", "w-4", "w-5"].map(unreachable),
    );
    expect(planText(plan, plain)).toBe(
      `Plan: install demo

baseline
  Prepare the operating system on all 7 hosts (restarts a component)
    + package chrony: 4.3-2
    ~ file /etc/hosts, on lb-1, lb-2
        @@ -1 +1,2 @@
         127.0.0.1 localhost
        +10.0.0.1 a
    ~ file /etc/hosts, on cp-1..3, w-1, w-2
        @@ -1 +1,2 @@
         127.0.0.1 localhost
        +10.0.0.1 b
    ! restart service chrony.service
      because its files changed
    - file /etc/old.conf (was 0644), on w-1

etcd
  Join cp-1 to the etcd cluster (! changes etcd membership)
    > etcd member cp-1: learner → voter
  Join <host> to the etcd cluster: cp-2, cp-3 (! changes etcd membership)
    ? known after "Join cp-1 to the etcd cluster": there is no cluster to join
      yet
  Check the quorum of etcd
    cp-2: cannot be stopped                                  etcd/quorum-at-risk
      because  2 of 3 members answer; the quorum is 2

not reached, not in this plan
  w-3..5: does not answer                                        ssh/unreachable
    because  port 22 timed out

  3 problems

23 changes on 7 hosts: 8 files, 7 packages, 1 etcd member; 7 services restart; 2
steps known later; 1 step refused; 3 hosts not reached
! 3 steps change etcd membership`,
    );
  });

  test("says that there is nothing to do, and for how many hosts", () => {
    expect(planText(planOf(["cp-1", "cp-2"].map(satisfied)), plain)).toBe(
      "Nothing to do: 2 hosts match the cluster file",
    );
    expect(planText(planOf([satisfied("cp-1")]), plain)).toBe("Nothing to do: 1 host matches the cluster file");
  });

  test("does not call a plan empty that hosts are missing from", () => {
    expect(planText(planOf([satisfied("cp-1")], [unreachable("cp-2")]), plain)).toBe(
      `not reached, not in this plan
  cp-2: does not answer                                          ssh/unreachable
    because  port 22 timed out

Nothing to do on 1 host that answered; 1 host did not answer`,
    );
  });

  test("names a host that cannot be reached once, not for every step that needed it", () => {
    const { problem } = unreachable("cp-2");
    const plan = planOf(
      [
        {
          ...summaryOf("etcd.ca", "Make the certificate authority of etcd", "etcd", "cluster"),
          after: [],
          state: "refused",
          problem: { ...problem, where: { host: "cp-2", step: "etcd.ca" } },
        },
      ],
      [unreachable("cp-2")],
    );
    expect(planText(plan, plain)).toBe(
      `Plan: install demo

etcd
  Make the certificate authority of etcd
    ? not known: cp-2 cannot be reached

not reached, not in this plan
  cp-2: does not answer                                          ssh/unreachable
    because  port 22 timed out

0 changes; 1 step not known; 1 host not reached`,
    );
  });

  test("shortens long diffs unless told otherwise", () => {
    const diff = `@@ -0,0 +1,30 @@\n${Array.from({ length: 30 }, (_, n) => `+line ${n}`).join("\n")}\n`;
    const plan = planOf([neededStep(baseline("cp-1"), [{ verb: "create", what: "file /etc/x", diff }])]);
    expect(planText(plan, plain).split("\n").slice(4)).toEqual([
      "    + file /etc/x",
      "        @@ -0,0 +1,30 @@",
      ...Array.from({ length: 11 }, (_, n) => `        +line ${n}`),
      "        … 19 more lines",
      "",
      "1 change on 1 host: 1 file",
    ]);
    expect(planText(plan, { ...plain, diff: "full" })).toContain("+line 29");
    expect(planText(plan, { ...plain, diff: "none" })).not.toContain("@@");
  });

  test("stays bounded for 5,000 hosts that all differ", () => {
    const hosts = Array.from({ length: 5000 }, (_, n) => `w-${n + 1}`);
    const steps = hosts.map((host, n) =>
      neededStep(baseline(host), [
        { verb: "update", what: "file /etc/hosts", diff: `+10.0.0.${n} ${host}\n` },
        { verb: "create", what: `node ${host}` },
        { verb: "create", what: "package chrony", ...(n % 2 === 0 ? {} : { because: "it is missing" }) },
      ]),
    );
    const lines = planText(
      planOf(
        steps,
        hosts.map((host) => unreachable(`${host}x`)),
      ),
      plain,
    ).split("\n");
    expect(lines).toContain("  Prepare the operating system on w-1..5000 (restarts a component)");
    expect(lines).toContain("    ~ file /etc/hosts: 4,997 more versions on w-4..5000");
    expect(lines).toContain("    + node <host>");
    expect(lines.length).toBeLessThan(60);
  });

  test("folds 500 hosts without numbers into a count", () => {
    const steps = Array.from({ length: 500 }, (_, n) =>
      n.toString(5).replace(/\d/g, (digit) => "abcde".charAt(Number(digit))),
    ).map((host, n) =>
      neededStep(baseline(host), [{ verb: "create", what: n < 499 ? "package chrony" : "package ntp" }]),
    );
    const text = planText(planOf(steps), plain);
    expect(text).toContain("Prepare the operating system on all 500 hosts (restarts a component)");
    expect(text).toMatch(/ and 487 more$/m);
  });

  test("counts by kind, actions and unusual things apart", () => {
    const step = summaryOf("os.setup/w-1", "Set up the operating system of w-1", "baseline", "w-1");
    const whats = [
      "package a",
      "package b",
      "etcd member w-1",
      "virtual IP 10.0.0.9",
      "directory /a",
      "swap /dev/b",
      "sysctl c",
      "secret d",
      "magic",
    ];
    const plan = planOf([
      neededStep(step, [
        ...whats.map((what) => ({ verb: "create", what }) as const),
        { verb: "run", what: "systemctl daemon-reload" },
        { verb: "restart", what: "the API server" },
      ]),
    ]);
    expect(
      planText(plan, { ...plain, width: 200 })
        .split("\n")
        .at(-1),
    ).toBe(
      "11 changes on 1 host: 2 packages, 1 etcd member, 1 virtual IP, 1 directory, 1 swap, 1 sysctl, 3 other changes; 1 component restarts",
    );
  });

  test("marks steps that destroy data", () => {
    const wipe = summaryOf("etcd.data.wipe/cp-1", "Remove the etcd data of cp-1", "etcd", "cp-1", "destroys-data");
    const text = planText(planOf([neededStep(wipe, [{ verb: "delete", what: "directory /var/lib/etcd" }])]), plain);
    expect(text.split("\n").slice(2)).toEqual([
      "etcd",
      "  Remove the etcd data of cp-1 (! destroys data)",
      "    - directory /var/lib/etcd",
      "",
      "1 change on 1 host: 1 directory",
      "! 1 step destroys data",
    ]);
  });
});
