import { z } from "zod";
import { type Problem, ProblemError } from "../problems/problem.ts";
import type { Plan } from "./plan.ts";
import { planDigest } from "./plan-digest.ts";

/** The format a plan is saved in; a later one gets a new name, and this one can still be read. */
const planFormat = "slipway.dev/plan/v1";

/** A plan as the text of a file. */
export function encodePlan(plan: Plan): string {
  return `${JSON.stringify({ format: planFormat, plan }, null, 1)}\n`;
}

/**
 * A plan out of the text of a file. Throws `plan/not-a-plan` for a file that is not one, `plan/other-format` for one of
 * another version, and `plan/edited` when it no longer is what was saved.
 */
export function decodePlan(text: string, file: string): Plan {
  const value = parseJson(text, file);
  const found = envelope.safeParse(value);
  if (!found.success) throw new ProblemError(notAPlan(file, "it has no format"));
  if (found.data.format !== planFormat) throw new ProblemError(otherFormat(file, found.data.format));
  const parsed = planShape.safeParse(found.data.plan);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ProblemError(notAPlan(file, `${issue?.path.join(".")}: ${issue?.message}`));
  }
  const plan = found.data.plan as Plan;
  const digest = planDigest(plan);
  if (digest !== plan.digest) throw new ProblemError(edited(file, plan.digest, digest));
  return plan;
}

const envelope = z.object({ format: z.string(), plan: z.unknown() });

const problemShape = z.looseObject({
  code: z.string().regex(/^[a-z-]+\/[a-z0-9-]+$/),
  severity: z.enum(["error", "warning"]),
  message: z.string(),
});

const changeShape = z.strictObject({
  verb: z.enum(["create", "update", "delete", "restart", "run"]),
  what: z.string(),
  from: z.string().optional(),
  to: z.string().optional(),
  because: z.string().optional(),
  diff: z.string().optional(),
});

const stepBase = {
  id: z.string(),
  title: z.string(),
  phase: z.string(),
  on: z.string(),
  impact: z.enum(["none", "restarts-component", "evicts-pods", "changes-etcd-membership", "destroys-data"]),
  after: z.array(z.string()),
};

const planShape = z.strictObject({
  cluster: z.string(),
  intention: z.string(),
  madeAt: z.iso.datetime(),
  specDigest: z.string(),
  digest: z.string(),
  steps: z.array(
    z.discriminatedUnion("state", [
      z.strictObject({ ...stepBase, state: z.literal("satisfied"), because: z.string() }),
      z.strictObject({ ...stepBase, state: z.literal("needed"), changes: z.array(changeShape) }),
      z.strictObject({ ...stepBase, state: z.literal("unknown"), until: z.string(), because: z.string() }),
      z.strictObject({ ...stepBase, state: z.literal("refused"), problem: problemShape }),
    ]),
  ),
  unreachable: z.array(z.strictObject({ host: z.string(), problem: problemShape })),
});

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ProblemError(notAPlan(file, error.message), { cause: error });
  }
}

const makeNew = { text: "make and read a new plan", command: "slipway plan --out plan.json" };

function notAPlan(file: string, because: string): Problem {
  return { code: "plan/not-a-plan", severity: "error", message: `${file} is not a saved plan`, because, hint: makeNew };
}

function otherFormat(file: string, format: string): Problem {
  return {
    code: "plan/other-format",
    severity: "error",
    message: `${file} was saved by another version of Slipway`,
    because: `its format is ${JSON.stringify(format.slice(0, 60))}, this version reads ${planFormat}`,
    hint: makeNew,
  };
}

function edited(file: string, wanted: string, found: string): Problem {
  return {
    code: "plan/edited",
    severity: "error",
    message: `${file} is not what was saved`,
    because: `its digest says ${wanted.slice(0, 12)}, its steps make ${found.slice(0, 12)}`,
    hint: makeNew,
  };
}
