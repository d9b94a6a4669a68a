import type { RunEvent, RunEventBody, StepSummary } from "../../src/engine/events.ts";
import type { Plan, PlannedStep } from "../../src/engine/plan.ts";
import type { Change, Impact, StepId } from "../../src/engine/step.ts";
import type { Problem } from "../../src/problems/problem.ts";

const startMs = Date.UTC(2025, 0, 1, 12, 0, 0);

/** An event `seconds` after the start of the sample run. */
export function eventAt(seconds: number, body: RunEventBody): RunEvent {
  return { at: new Date(startMs + seconds * 1000).toISOString(), run: "20250101-120000-ab12", ...body } as RunEvent;
}

/** A step as a run announces it. */
export function summaryOf(id: string, title: string, phase: string, on: string, impact: Impact = "none"): StepSummary {
  return { id: id as StepId, title, phase, on, impact };
}

/** A step of a plan that needs the given changes. */
export function neededStep(summary: StepSummary, changes: readonly Change[]): PlannedStep {
  return { ...summary, after: [], state: "needed", changes };
}

/** A plan around the given steps. */
export function planOf(steps: readonly PlannedStep[], unreachable: Plan["unreachable"] = []): Plan {
  return {
    cluster: "demo",
    intention: "install",
    madeAt: "2025-01-01T12:00:00.000Z",
    specDigest: "5".repeat(64),
    digest: "d".repeat(64),
    steps,
    unreachable,
  };
}

/** A problem with everything a problem can have, but for a place in a file. */
export const memberProblem: Problem = {
  code: "etcd/member-not-started",
  severity: "error",
  message: "cp-2: has not become a voting member",
  because: "it was 1,200 entries behind after 60 s; the limit is 60 s",
  hint: { text: "look at the disk of cp-2, then go on", command: "slipway apply" },
  where: { host: "cp-2", step: "etcd.member.join/cp-2" },
  evidence: {
    command: "etcdctl member promote 8e9e05c52164694d",
    exitCode: 1,
    durationMs: 41_000,
    lastLines: ["\u001b[31mError\u001b[0m: can only promote a learner member which is in sync with leader"],
  },
};

const baseline1 = summaryOf("os.baseline/cp-1", "Prepare the operating system on cp-1", "baseline", "cp-1");
const baseline2 = summaryOf("os.baseline/cp-2", "Prepare the operating system on cp-2", "baseline", "cp-2");
const join2 = summaryOf(
  "etcd.member.join/cp-2",
  "Join cp-2 to the etcd cluster",
  "etcd",
  "cp-2",
  "changes-etcd-membership",
);
const health = summaryOf("etcd.health/cluster", "Check the etcd cluster", "etcd", "cluster");
const haproxy = summaryOf("load-balancer.haproxy/lb-1", "Configure HAProxy", "load-balancer", "lb-1");
const hostsChanges: readonly Change[] = [
  { verb: "update", what: "file /etc/hosts", diff: "@@ -1 +1,2 @@\n 127.0.0.1 localhost\n+10.0.0.11 cp-1\n" },
  { verb: "create", what: "package chrony", to: "4.3-2" },
];

/** A run in which one member is not verified in time: every type of event but an interruption. */
export const sampleRun: readonly RunEvent[] = [
  eventAt(0, {
    type: "run-started",
    cluster: "demo",
    intention: "install",
    by: "ada@bastion",
    version: "0.1.0",
    planDigest: "d".repeat(64),
    steps: [baseline1, baseline2, join2, health, haproxy],
    satisfied: 3,
  }),
  eventAt(0, { type: "run-said", text: "took over the expired lock of bob@bastion" }),
  eventAt(1, { type: "step-started", step: baseline1.id, attempt: 1 }),
  eventAt(1, { type: "step-started", step: baseline2.id, attempt: 1 }),
  eventAt(1, { type: "step-changes", step: baseline1.id, changes: hostsChanges }),
  eventAt(1, { type: "step-command", step: baseline1.id, host: "cp-1", shown: "write /etc/hosts (0644, root)" }),
  eventAt(2, { type: "step-command", step: baseline1.id, host: "cp-1", shown: "apt-get install chrony=4.3-2" }),
  eventAt(3, {
    type: "step-finished",
    step: baseline2.id,
    durationMs: 2000,
    outcome: "satisfied",
    because: "every resource is as declared",
  }),
  eventAt(9, {
    type: "step-finished",
    step: baseline1.id,
    durationMs: 8000,
    outcome: "applied",
    changes: hostsChanges,
  }),
  eventAt(10, { type: "step-started", step: join2.id, attempt: 1 }),
  eventAt(11, { type: "step-said", step: join2.id, text: "added as a learner" }),
  eventAt(12, {
    type: "step-waiting",
    step: join2.id,
    title: "etcd member cp-2 to be started",
    because: "no answer on 10.0.0.12:2379",
  }),
  eventAt(14, {
    type: "step-waiting",
    step: join2.id,
    title: "etcd member cp-2 to be started",
    because: "it is still a learner",
  }),
  eventAt(15, { type: "step-started", step: haproxy.id, attempt: 1 }),
  eventAt(72, {
    type: "step-finished",
    step: join2.id,
    durationMs: 62_000,
    outcome: "unverified",
    problem: memberProblem,
  }),
  eventAt(72, { type: "step-finished", step: health.id, durationMs: 0, outcome: "not-started", root: join2.id }),
  eventAt(80, { type: "step-finished", step: haproxy.id, durationMs: 65_000, outcome: "applied", changes: [] }),
  eventAt(81, {
    type: "run-finished",
    failed: [join2.id],
    notStarted: 1,
    applied: 2,
    durationMs: 81_000,
    connections: 4,
    roundTrips: 31,
  }),
];

/** A run of one step in which every text is the given one, with every type of event that a text gets into. */
export function runWith(text: string): RunEvent[] {
  const step = summaryOf(`a.b/${text}`, text, text, text);
  const changes: readonly Change[] = [{ verb: "update", what: text, from: text, to: text, because: text, diff: text }];
  const problem: Problem = {
    ...memberProblem,
    message: text,
    because: text,
    hint: { text, command: text },
    where: { host: text, step: step.id, source: { file: text, line: 1, column: 1, length: 1, text } },
    evidence: { command: text, exitCode: null, lastLines: [text] },
  };
  const about = { cluster: text, intention: text, by: text, version: text, planDigest: text };
  return [
    eventAt(0, { type: "run-started", ...about, steps: [step], satisfied: 0 }),
    eventAt(0, { type: "run-said", text }),
    eventAt(1, { type: "step-started", step: step.id, attempt: 2 }),
    eventAt(1, { type: "step-changes", step: step.id, changes }),
    eventAt(1, { type: "step-said", step: step.id, text }),
    eventAt(1, { type: "step-waiting", step: step.id, title: text, because: text }),
    eventAt(1, { type: "step-command", step: step.id, host: text, shown: text }),
    eventAt(20, {
      type: "step-finished",
      step: step.id,
      durationMs: 19_000,
      outcome: "failed",
      problem,
      releaseProblem: problem,
    }),
  ];
}
