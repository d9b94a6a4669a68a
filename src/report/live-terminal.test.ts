import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventAt, memberProblem, sampleRun, summaryOf } from "../../test/support/sample-run.ts";
import { Screen } from "../../test/support/screen.ts";
import type { RunEvent } from "../engine/events.ts";
import type { StepId } from "../engine/step.ts";
import type { EventConsumer } from "./event-consumer.ts";
import { liveTerminal } from "./live-terminal.ts";

const startMs = Date.UTC(2025, 0, 1, 12, 0, 0);

beforeEach(() => {
  vi.useFakeTimers({ now: startMs });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Plays events at the times they carry; the clock and the refresh run with them. */
function play(view: EventConsumer, events: readonly RunEvent[]): void {
  for (const event of events) {
    vi.advanceTimersByTime(Math.max(0, Date.parse(event.at) - Date.now()));
    view.event(event);
  }
  vi.advanceTimersByTime(100);
}

function bigRun(hosts: number): { start: RunEvent; ids: StepId[] } {
  const steps = Array.from({ length: hosts }, (_, n) =>
    summaryOf(`os.baseline/w-${n}`, `Prepare the operating system on w-${n}`, "baseline", `w-${n}`),
  );
  const start = eventAt(0, {
    type: "run-started",
    cluster: "demo",
    intention: "install",
    by: "ada@bastion",
    version: "0.1.0",
    planDigest: "d",
    steps,
    satisfied: 0,
  });
  return { start, ids: steps.map((step) => step.id) };
}

describe("the live view", () => {
  test("shows what is running and what it waits for, with finished steps above", () => {
    const screen = new Screen(80, 24);
    const view = liveTerminal(screen, { colors: false });
    play(view, sampleRun.slice(0, 14));
    expect(screen.shown()).toBe(
      [
        "took over the expired lock of bob@bastion",
        "satisfied    Prepare the operating system on cp-2  2.0 s",
        "applied      Prepare the operating system on cp-1  8.0 s",
        `install demo  ${"━".repeat(16)}${"─".repeat(24)}  2/5  15 s`,
        `  Join cp-2 to the etcd cluster${" ".repeat(45)}5 s`,
        "    waiting for etcd member cp-2 to be started: it is still a learner",
        `  Configure HAProxy on lb-1${" ".repeat(49)}0 s`,
        "  1 of 3 phases done · etcd 0/2 · load-balancer 0/1",
      ].join("\n"),
    );
    view.close();
  });

  test("leaves only lasting lines behind when it is closed, and no timer", () => {
    const screen = new Screen(80, 24);
    const view = liveTerminal(screen, { colors: false });
    play(view, sampleRun);
    view.close();
    expect(screen.shown()).toBe(
      `took over the expired lock of bob@bastion
satisfied    Prepare the operating system on cp-2  2.0 s
applied      Prepare the operating system on cp-1  8.0 s
not verified Join cp-2 to the etcd cluster  1 min 02 s
cp-2: has not become a voting member                    etcd/member-not-started
  where    step etcd.member.join/cp-2
  because  it was 1,200 entries behind after 60 s; the limit is 60 s
  hint     look at the disk of cp-2, then go on
             slipway apply
  ran      etcdctl member promote 8e9e05c52164694d (exit 1, 41 s)
           Error: can only promote a learner member which is in sync with leader

applied      Configure HAProxy on lb-1  1 min 05 s`,
    );
    expect(vi.getTimerCount()).toBe(0);
    expect(screen.listenerCount("resize")).toBe(0);
    view.event(sampleRun[0] as RunEvent);
    view.close();
    expect(screen.shown()).not.toContain("install demo");
  });

  test.each([
    [40, 24],
    [40, 5],
    [20, 2],
    [200, 50],
  ])("fits a terminal of %i columns and %i rows, also after a resize", (columns, rows) => {
    const screen = new Screen(80, 24);
    const view = liveTerminal(screen, { colors: false });
    const { start, ids } = bigRun(700);
    play(view, [start]);
    screen.columns = columns;
    screen.rows = rows;
    screen.emit("resize");
    play(
      view,
      ids.slice(0, 600).map((step) => eventAt(1, { type: "step-started", step, attempt: 1 })),
    );
    const frame = screen.shown().split("\n");
    expect(frame.length).toBeLessThan(rows);
    for (const line of frame) expect(line.length).toBeLessThan(columns);
    view.close();
  });

  test("draws a bounded number of times, whatever the number of events", () => {
    const screen = new Screen(80, 24);
    const view = liveTerminal(screen, { colors: false });
    const { start, ids } = bigRun(5000);
    play(view, [start]);
    const before = screen.writes;
    for (const step of ids) view.event(eventAt(1, { type: "step-started", step, attempt: 1 }));
    for (const step of ids) view.event(eventAt(2, { type: "step-said", step, text: "works" }));
    for (const step of ids)
      view.event(
        eventAt(5, { type: "step-finished", step, durationMs: 4000, outcome: "failed", problem: memberProblem }),
      );
    vi.advanceTimersByTime(100);
    expect(screen.writes - before).toBeLessThanOrEqual(4);
    view.close();
    const lines = screen.shown().split("\n");
    expect(lines).toContain("Further problems are counted below and listed at the end");
    expect(lines.length).toBeLessThan(80);
  });

  test("prints one line per phase when there are many steps", () => {
    const screen = new Screen(80, 24);
    const view = liveTerminal(screen, { colors: false });
    const { start, ids } = bigRun(500);
    play(view, [
      start,
      ...ids.map((step) => eventAt(1, { type: "step-started", step, attempt: 1 })),
      ...ids.map((step) =>
        eventAt(61, { type: "step-finished", step, durationMs: 60_000, outcome: "applied", changes: [] }),
      ),
    ]);
    view.close();
    expect(screen.shown()).toBe("baseline: 500 applied on 500 hosts in 1 min 00 s");
  });

  test("says what an interruption does", () => {
    const screen = new Screen(60, 24);
    const view = liveTerminal(screen, { colors: false });
    play(view, [...sampleRun.slice(0, 4), eventAt(2, { type: "run-interrupted", how: "finish-running" })]);
    expect(screen.shown().split("\n").slice(1, 3)).toEqual([
      "Interrupted: nothing new is started, 2 running steps may",
      "finish. Interrupt again to leave at once.",
    ]);
    expect(screen.shown()).toContain("stopping");
    view.close();
  });

  test("takes no control characters from steps and hosts", () => {
    const screen = new Screen(80, 24);
    const view = liveTerminal(screen, { colors: false });
    const evil = "\u001b]0;title\u0007\u001b[2J\u009b5n\n";
    const step = summaryOf(`a.b/${evil}`, evil, evil, evil);
    const { start } = bigRun(1);
    if (start.type !== "run-started") throw new Error("the sample begins with its start");
    play(view, [
      { ...start, cluster: evil, intention: evil, steps: [step] },
      eventAt(1, { type: "run-said", text: evil }),
      eventAt(1, { type: "step-started", step: step.id, attempt: 2 }),
      eventAt(1, { type: "step-waiting", step: step.id, title: evil, because: evil }),
    ]);
    expect(screen.shown()).toContain("\\x1b]0;title\\x07");
    play(view, [
      eventAt(2, {
        type: "step-finished",
        step: step.id,
        durationMs: 1,
        outcome: "failed",
        problem: { ...memberProblem, message: evil },
      }),
    ]);
    view.close();
  });
});
