import type { Plan } from "../engine/plan.ts";
import type { HostName } from "../hosts/port.ts";
import { preflightNotes } from "../preflight/preflight-notes.ts";
import { preflightErrors } from "../preflight/preflight-report.ts";
import { runPreflight } from "../preflight/run-preflight.ts";
import { ProblemError } from "../problems/problem.ts";
import { countOf } from "../report/count-of.ts";
import { commandFor } from "./command-for.ts";
import type { OpenedCluster } from "./open-cluster.ts";
import type { OpenedWorld } from "./open-world.ts";
import type { GlobalOptions } from "./program.ts";
import { shown } from "./shown.ts";
import { terminalStyle } from "./terminal-style.ts";

/** Preflight of the hosts that are to be changed. Throws its errors: nothing is changed on hosts that are not fit. */
export async function requireFit(
  { spec }: OpenedCluster,
  world: OpenedWorld,
  plan: Plan,
  { output, file }: GlobalOptions,
): Promise<void> {
  const changing = new Set(plan.steps.flatMap((step) => (step.state === "satisfied" ? [] : [step.on])));
  const only = spec.hosts.map((host): HostName => host.name).filter((name) => changing.has(name));
  if (only.length === 0) return;
  // Synced writes beside a living member would slow the very thing they are to protect.
  const measure = plan.steps.some((step) => step.impact === "changes-etcd-membership" && step.state !== "satisfied");
  const isForKubernetes = plan.steps.some((step) => step.phase === "control-plane" && step.state !== "satisfied");
  const report = await runPreflight(spec, world.hosts, { only, measure, isForKubernetes });
  const errors = preflightErrors(report);
  const notes = preflightNotes(shown(report), {
    ...terminalStyle(process.stderr),
    command: commandFor(file, "preflight"),
  });
  if (output === "text" && notes !== "") process.stderr.write(`\n${notes}\n`);
  const [first, ...rest] = errors;
  if (first === undefined) return;
  if (output === "text")
    throw new ProblemError({ ...notFit, because: `preflight found ${countOf(errors.length, "error")}, see above` });
  throw new ProblemError([first, ...rest]);
}

const notFit = {
  code: "preflight/not-fit",
  severity: "error",
  message: "the hosts are not fit for their roles; nothing was changed",
  hint: { text: "mend them, or downgrade a check by name, with a reason, under spec.preflight.downgrade" },
} as const;
