import { z } from "zod";
import type { RunEvent } from "../engine/events.ts";

/** The event of a parsed journal line; undefined for what is none: edited by hand, or of another version of Slipway. */
export function eventOf(value: unknown): RunEvent | undefined {
  // More fields than this version knows do no harm; what it reads must be there.
  return eventShape.safeParse(value).success ? (value as RunEvent) : undefined;
}

const problem = z.looseObject({
  code: z.string().regex(/^[a-z-]+\/[a-z0-9-]+$/),
  severity: z.enum(["error", "warning"]),
  message: z.string(),
  because: z.string().optional(),
  hint: z.looseObject({ text: z.string(), command: z.string().optional() }).optional(),
  where: z
    .looseObject({
      host: z.string().optional(),
      step: z.string().optional(),
      source: z
        .looseObject({
          file: z.string(),
          line: z.number(),
          column: z.number(),
          length: z.number(),
          text: z.string().optional(),
        })
        .optional(),
    })
    .optional(),
  evidence: z
    .looseObject({
      command: z.string(),
      exitCode: z.number().nullable(),
      durationMs: z.number().optional(),
      lastLines: z.array(z.string()),
    })
    .optional(),
});

const change = z.looseObject({
  verb: z.enum(["create", "update", "delete", "restart", "run"]),
  what: z.string(),
  from: z.string().optional(),
  to: z.string().optional(),
  because: z.string().optional(),
  diff: z.string().optional(),
});

const summary = z.looseObject({
  id: z.string(),
  title: z.string(),
  phase: z.string(),
  on: z.string(),
  impact: z.enum(["none", "restarts-component", "evicts-pods", "changes-etcd-membership", "destroys-data"]),
});

const stamp = { at: z.iso.datetime(), run: z.string() };
const ofStep = { ...stamp, step: z.string() };
const finished = {
  ...ofStep,
  type: z.literal("step-finished"),
  durationMs: z.number(),
  releaseProblem: problem.optional(),
};

const eventShape = z.discriminatedUnion("type", [
  z.looseObject({
    ...stamp,
    type: z.literal("run-started"),
    cluster: z.string(),
    intention: z.string(),
    by: z.string(),
    version: z.string(),
    planDigest: z.string(),
    steps: z.array(summary),
    satisfied: z.number(),
  }),
  z.looseObject({ ...stamp, type: z.literal("run-said"), text: z.string() }),
  z.looseObject({ ...ofStep, type: z.literal("step-started"), attempt: z.number(), summary: summary.optional() }),
  z.looseObject({ ...ofStep, type: z.literal("step-changes"), changes: z.array(change) }),
  z.looseObject({ ...ofStep, type: z.literal("step-said"), text: z.string() }),
  z.looseObject({ ...ofStep, type: z.literal("step-command"), host: z.string(), shown: z.string() }),
  z.looseObject({ ...ofStep, type: z.literal("step-waiting"), title: z.string(), because: z.string() }),
  z.discriminatedUnion("outcome", [
    z.looseObject({ ...finished, outcome: z.literal("satisfied"), because: z.string() }),
    z.looseObject({ ...finished, outcome: z.literal("applied"), changes: z.array(change) }),
    z.looseObject({ ...finished, outcome: z.enum(["failed", "unverified", "refused"]), problem }),
    z.looseObject({ ...finished, outcome: z.literal("not-started"), root: z.string() }),
    z.looseObject({ ...finished, outcome: z.literal("cancelled") }),
  ]),
  z.looseObject({ ...stamp, type: z.literal("run-interrupted"), how: z.enum(["finish-running", "leave-now"]) }),
  z.looseObject({
    ...stamp,
    type: z.literal("run-finished"),
    failed: z.array(z.string()),
    notStarted: z.number(),
    applied: z.number(),
    durationMs: z.number(),
    connections: z.number(),
    roundTrips: z.number(),
  }),
]) satisfies z.ZodType<unknown>;
