import { describe, expect, test } from "vitest";
import { eventAt, sampleRun } from "../../test/support/sample-run.ts";
import type { RunEvent } from "../engine/events.ts";
import { jsonLines } from "./json-lines.ts";
import { type PlainLinesOptions, plainLines } from "./plain-lines.ts";

function linesOf(events: readonly RunEvent[], options?: PlainLinesOptions): string {
  const out: string[] = [];
  const view = plainLines({ write: (text) => out.push(text) }, options);
  for (const event of events) view.event(event);
  view.close();
  return out.join("");
}

describe("plain lines", () => {
  test("have one line per event that matters", () => {
    expect(linesOf(sampleRun)).toBe(
      `install demo: 5 steps to run, 3 steps already satisfied (run 20250101-120000-ab12, Slipway 0.1.0, by ada@bastion)
took over the expired lock of bob@bastion
[0/5] started      Prepare the operating system on cp-1
[0/5] started      Prepare the operating system on cp-2
[1/5] satisfied    Prepare the operating system on cp-2 (2.0 s)
[2/5] applied      Prepare the operating system on cp-1 (8.0 s)
[2/5] started      Join cp-2 to the etcd cluster
[2/5] says         Join cp-2 to the etcd cluster: added as a learner
[2/5] waiting      Join cp-2 to the etcd cluster (for etcd member cp-2 to be started: no answer on 10.0.0.12:2379)
[2/5] started      Configure HAProxy on lb-1
[3/5] not verified Join cp-2 to the etcd cluster (1 min 02 s)
    cp-2: has not become a voting member                                         etcd/member-not-started
      where    step etcd.member.join/cp-2
      because  it was 1,200 entries behind after 60 s; the limit is 60 s
      hint     look at the disk of cp-2, then go on
                 slipway apply
      ran      etcdctl member promote 8e9e05c52164694d (exit 1, 41 s)
               Error: can only promote a learner member which is in sync with leader
[4/5] not started  Check the etcd cluster
[5/5] applied      Configure HAProxy on lb-1 (1 min 05 s)
finished: 2 applied, 1 satisfied, 1 not verified, 1 not started (1 min 21 s, 4 connections, 31 round trips)
`,
    );
  });

  test("show changes and commands when verbose, and times when asked", () => {
    const lines = linesOf(sampleRun, { verbose: true, timestamps: true }).split("\n");
    expect(lines).toContain(
      "2025-01-01T12:00:01Z [0/5] change       Prepare the operating system on cp-1: ~ file /etc/hosts",
    );
    expect(lines).toContain(
      "2025-01-01T12:00:02Z [0/5] command      Prepare the operating system on cp-1 [cp-1] apt-get install chrony=4.3-2",
    );
  });

  test("say what an interruption does", () => {
    const events = [...sampleRun.slice(0, 4), eventAt(2, { type: "run-interrupted", how: "finish-running" })];
    expect(linesOf(events)).toMatch(
      /^Interrupted: nothing new is started, 2 running steps may finish\. Interrupt again to leave at once\.$/m,
    );
    const now = [...sampleRun.slice(0, 3), eventAt(2, { type: "run-interrupted", how: "leave-now" })];
    expect(linesOf(now)).toMatch(
      /^Leaving: 1 running step is cut off, save .* Run the same command again to go on\.$/m,
    );
  });

  test("print the problem of a release besides the outcome", () => {
    const releaseProblem = {
      code: "load-balancer/still-in-maintenance",
      severity: "error",
      message: "lb-1: is still in maintenance",
    } as const;
    const step = "load-balancer.haproxy/lb-1" as Extract<RunEvent, { step: unknown }>["step"];
    const events = [
      ...sampleRun.slice(0, 1),
      eventAt(1, { type: "step-started", step, attempt: 1 }),
      eventAt(2, { type: "step-finished", step, durationMs: 900, outcome: "cancelled", releaseProblem }),
    ];
    expect(linesOf(events)).toContain(
      "cancelled    Configure HAProxy on lb-1 (0.9 s)\n    lb-1: is still in maintenance",
    );
  });
});

describe("JSON lines", () => {
  test("are each event as it is, one per line, safe to print", () => {
    const said = eventAt(1, { type: "run-said", text: "a\u001b[2J\u009b\u202e\u{e0001}\nb" });
    const out: string[] = [];
    const view = jsonLines({ write: (text) => out.push(text) });
    for (const event of [...sampleRun, said]) view.event(event);
    view.close();
    view.event(said);
    expect(out.length).toBe(sampleRun.length + 1);
    expect(out.map((line) => JSON.parse(line))).toEqual([...sampleRun, said]);
    for (const line of out) expect(line).toMatch(/^[^\p{Cc}\p{Cf}]*\n$/u);
  });
});
