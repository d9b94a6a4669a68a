import { describe, expect, test } from "vitest";
import { eventAt, memberProblem, sampleRun, summaryOf } from "../../test/support/sample-run.ts";
import type { RunEvent } from "../engine/events.ts";
import { runSummary, tallyOf } from "./run-summary.ts";

const plain = { colors: false, width: 80 };

describe("the summary of a run", () => {
  test("names root causes, where the time went, and what to run next", () => {
    expect(runSummary(tallyOf(sampleRun), plain)).toBe(
      `cp-2: has not become a voting member                     etcd/member-not-started
  where    step etcd.member.join/cp-2
  because  it was 1,200 entries behind after 60 s; the limit is 60 s
  hint     look at the disk of cp-2, then go on
             slipway apply
  ran      etcdctl member promote 8e9e05c52164694d (exit 1, 41 s)
           Error: can only promote a learner member which is in sync with leader

1 step did not start because of this

Time by phase, first start to last end
  baseline            8.0 s  2 steps
  etcd           1 min 02 s  1 step
  load-balancer  1 min 05 s  1 step
Slowest steps
  1 min 05 s  Configure HAProxy on lb-1
  1 min 02 s  Join cp-2 to the etcd cluster
       8.0 s  Prepare the operating system on cp-1
       2.0 s  Prepare the operating system on cp-2

install demo failed after 1 min 21 s: 2 applied, 1 satisfied, 1 not verified, 1
not started, 3 satisfied before; 4 connections, 31 round trips
again    slipway apply
details  slipway runs show 20250101-120000-ab12`,
    );
  });

  test("of a run that was cut off names what was in flight", () => {
    const text = runSummary(tallyOf(sampleRun.slice(0, 13)), {
      ...plain,
      command: (words) => `slipway -f other.yaml ${words}`,
    });
    expect(text.split("\n").slice(-4)).toEqual([
      "install demo was cut off after 14 s: 1 applied, 1 satisfied, 3 satisfied before;",
      "1 step in flight",
      "again    slipway -f other.yaml apply",
      "details  slipway -f other.yaml runs show 20250101-120000-ab12",
    ]);
  });

  test("of a run that another command began names that one to go on with", () => {
    const events = sampleRun.map(
      (event): RunEvent => (event.type === "run-started" ? { ...event, intention: "rotate-encryption-key" } : event),
    );
    expect(runSummary(tallyOf(events), plain)).toContain("\nagain    slipway secrets rotate-key\n");
  });

  test("of a good run is short", () => {
    const step = summaryOf("os.baseline/cp-1", "Prepare the operating system on cp-1", "baseline", "cp-1");
    const start = sampleRun[0] as Extract<RunEvent, { type: "run-started" }>;
    const tally = tallyOf([
      { ...start, steps: [step] },
      eventAt(0, { type: "step-started", step: step.id, attempt: 1 }),
      eventAt(1, { type: "step-finished", step: step.id, durationMs: 1000, outcome: "applied", changes: [] }),
      eventAt(1, {
        type: "run-finished",
        failed: [],
        notStarted: 0,
        applied: 1,
        durationMs: 1000,
        connections: 1,
        roundTrips: 2,
      }),
    ]);
    expect(tally.succeeded).toBe(true);
    expect(runSummary(tally, plain)).toBe(
      `install demo finished in 1.0 s: 1 applied, 3 satisfied before; 1 connection, 2
round trips
next     slipway status`,
    );
  });

  test("of 500 hosts with one trouble is one problem", () => {
    const start = sampleRun[0] as Extract<RunEvent, { type: "run-started" }>;
    const steps = Array.from({ length: 500 }, (_, n) => summaryOf(`a.b/w-${n}`, `Do it on w-${n}`, "a", `w-${n}`));
    const tally = tallyOf([
      { ...start, steps },
      ...steps.map(({ id, on }) =>
        eventAt(1, {
          type: "step-finished",
          step: id,
          durationMs: 1,
          outcome: "failed",
          problem: { ...memberProblem, message: `${on}: has no room on its disk`, where: { host: on } },
        }),
      ),
    ]);
    const text = runSummary(tally, plain);
    expect(text).toMatch(/^w-0\.\.499 \(500 hosts\): has no room on its disk/);
    expect(text).toContain("\n500 problems\n");
    expect(text.split("\n").length).toBeLessThan(20);
  });

  test("can be told an event of a step that nobody announced", () => {
    const tally = tallyOf(sampleRun.slice(1));
    expect(tally.total).toBe(5);
    expect(tally.phases.get("other")?.steps).toBe(5);
    expect(runSummary(tally, plain)).toContain("Run failed after 1 min 21 s");
    expect(runSummary(tallyOf([]), plain)).toContain("Run was cut off: nothing");
  });
});
