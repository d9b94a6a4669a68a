import type { Plan } from "../engine/plan.ts";
import { type ExitCode, exitCode } from "../problems/exit-code.ts";
import { commandFor } from "./command-for.ts";
import { leavesBefore } from "./interrupts.ts";
import type { SelectOptions } from "./observe.ts";
import { openCluster } from "./open-cluster.ts";
import { openWorld } from "./open-world.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";
import { terminalStyle } from "./terminal-style.ts";

/** How a plan is shown and saved. */
export interface PlanCommandOptions extends GlobalOptions, SelectOptions {
  readonly out?: string;
  readonly diff: "short" | "full" | "none";
}

/** `slipway plan`. What plans and prints is loaded while ssh connects. */
export async function plan(options: PlanCommandOptions): Promise<void> {
  using _ = leavesBefore(() => undefined);
  const cluster = openCluster(options.file);
  await using world = openWorld(cluster);
  const { limit } = options;
  const names = cluster.spec.hosts.map((host) => host.name);
  world.hosts.hurry(limit === undefined ? names : names.filter((name) => limit.includes(name)));
  const { observe } = await import("./observe.ts");
  const [{ plan: made }, { planText }] = await Promise.all([
    observe(cluster, world, options),
    import("../report/plan-text.ts"),
  ]);
  if (options.out !== undefined) {
    const [{ encodePlan }, { writeAtomically }] = await Promise.all([
      import("../engine/saved-plan.ts"),
      import("../state/write-atomically.ts"),
    ]);
    await writeAtomically(options.out, encodePlan(made), 0o600);
  }
  printResult(made, options.output, (made) => {
    const saved = options.out === undefined ? "" : `\n\nSaved: ${commandFor(options.file, `apply ${options.out}`)}`;
    return planText(made, { ...terminalStyle(process.stdout), diff: options.diff }) + saved;
  });
  process.exitCode = exitCodeOfPlan(made);
}

/** 3 when a step is refused, 5 when only hosts could not be asked, else 0: a plan with changes is a good plan. */
export function exitCodeOfPlan(made: Plan): ExitCode {
  const refusals = made.steps.flatMap((step) => (step.state === "refused" ? [step.problem] : []));
  const isOnlyUnreachable = refusals.every((problem) => problem.code.startsWith("ssh/"));
  if (!isOnlyUnreachable) return exitCode.refused;
  return refusals.length + made.unreachable.length > 0 ? exitCode.unreachable : exitCode.done;
}
