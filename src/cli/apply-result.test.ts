import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { neededStep, planOf, summaryOf } from "../../test/support/sample-run.ts";
import type { RunResult } from "../engine/run-options.ts";
import type { StepId } from "../engine/step.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import type { OutputFormat } from "../report/output-formats.ts";
import { ApplyResultTeller } from "./apply-result.ts";

const problem: Problem = { code: "host/command-failed", severity: "error", message: "a: it failed" };
const step = summaryOf("toy/a", "Set up a", "baseline", "a");
const plan = planOf([
  neededStep(step, [{ verb: "create", what: "file /a" }]),
  { ...summaryOf("toy/b", "Set up b", "baseline", "b"), after: [], state: "satisfied", because: "it is there" },
]);
const run: RunResult = {
  run: "r",
  outcomes: new Map(),
  applied: 3,
  satisfied: 2,
  failed: ["toy/a" as StepId],
  notStarted: 4,
  cancelled: 1,
  changing: 4,
  problems: [problem],
  durationMs: 5,
};

function teller(format: OutputFormat = "json") {
  let nowMs = 1000;
  const out: string[] = [];
  const made = new ApplyResultTeller(
    format,
    (text) => out.push(text),
    () => nowMs,
  );
  nowMs = 3500;
  return { made, out };
}

const keys = [
  "type",
  "run",
  "cluster",
  "exitCode",
  "confirmed",
  "applied",
  "satisfied",
  "failed",
  "notStarted",
  "cancelled",
  "interrupted",
  "problems",
  "connections",
  "roundTrips",
  "durationMs",
];

type Teller = ReturnType<typeof teller>["made"];
const open = (made: Teller) => made.opened("toy", () => ({ connections: 7, roundTrips: 14 }));

describe("the result of an apply", () => {
  test.each<[title: string, tell: (made: Teller) => void, expected: object]>([
    [
      "that had nothing to do",
      (made) => {
        open(made);
        made.planned(planOf(plan.steps.slice(1)));
        made.end(0);
      },
      { run: null, cluster: "toy", exitCode: 0, satisfied: 1, notStarted: 0, connections: 7, roundTrips: 14 },
    ],
    [
      "that was refused by its plan",
      (made) => {
        open(made);
        made.planned({ ...plan, unreachable: [{ host: "c", problem }] });
        made.end(5);
      },
      { exitCode: 5, confirmed: false, applied: 0, satisfied: 1, notStarted: 1, problems: [problem] },
    ],
    [
      "that threw before there was a plan",
      (made) => made.threw(new ProblemError({ ...problem, code: "config/unknown-field" })),
      { cluster: null, exitCode: 2, problems: [{ ...problem, code: "config/unknown-field" }] },
    ],
    [
      "that threw after its run had failed",
      (made) => {
        made.finished(run);
        made.threw(new ProblemError([problem, { ...problem, message: "b: it failed" }]));
      },
      { applied: 3, problems: [problem, { ...problem, message: "b: it failed" }] },
    ],
    [
      "that met a bug after its run had failed",
      (made) => {
        made.finished(run);
        made.threw(new Error("oh"));
      },
      { exitCode: 1, applied: 3, problems: [problem, { code: "engine/bug" }] },
    ],
    ["that met a bug", (made) => made.threw(new Error("oh")), { exitCode: 1, problems: [{ code: "engine/bug" }] }],
    [
      "that failed part-way",
      (made) => {
        open(made);
        made.planned(plan);
        made.confirmed();
        made.ran("r");
        made.finished(run);
        made.end(4);
      },
      {
        run: "r",
        exitCode: 4,
        confirmed: true,
        applied: 3,
        satisfied: 2,
        failed: 1,
        notStarted: 4,
        cancelled: 1,
        problems: [problem],
        durationMs: 2500,
      },
    ],
    [
      "that was interrupted",
      (made) => {
        made.finished({ ...run, interrupted: "finish-running" });
        made.end(130);
      },
      { exitCode: 130, interrupted: "finish-running" },
    ],
    [
      "that was left while it planned",
      (made) => made.left(),
      { exitCode: 130, interrupted: "leave-now", problems: [] },
    ],
  ])("%s has all its fields, on one line of JSON or as one YAML document", (_title, tell, expected) => {
    const [json, yaml, text] = [teller("json"), teller("yaml"), teller("text")];
    for (const one of [json, yaml, text]) tell(one.made);
    expect(json.out.join("")).toMatch(/^\{.*\}\n$/);
    const data: unknown = JSON.parse(json.out.join(""));
    expect(Object.keys(data as object)).toEqual(keys);
    expect(data).toMatchObject({ type: "result", ...expected });
    expect(parse(yaml.out.join(""))).toEqual(data);
    expect(text.out).toEqual([]);
  });
});
