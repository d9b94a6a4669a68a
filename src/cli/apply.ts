import { join } from "node:path";
import { type ClusterLockOptions, clearDeadLock } from "../engine/cluster-lock.ts";
import type { RunEvent } from "../engine/events.ts";
import { exitCodeOfRun } from "../engine/exit-code-of.ts";
import type { Plan } from "../engine/plan.ts";
import { requireUnchanged } from "../engine/plan-check.ts";
import type { RunResult } from "../engine/run-options.ts";
import { hasWork, run } from "../engine/runner.ts";
import { decodePlan, encodePlan } from "../engine/saved-plan.ts";
import { type ExitCode, exitCode } from "../problems/exit-code.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import { problemsOf, withMoreProblems } from "../problems/problems-of.ts";
import { asRunHtml, asRunMarkdown } from "../report/as-run.ts";
import { commandOfIntention } from "../report/command-of-intention.ts";
import type { EventConsumer } from "../report/event-consumer.ts";
import { interruptWords } from "../report/interrupt-words.ts";
import { planText } from "../report/plan-text.ts";
import { runSummary, tallyOf } from "../report/run-summary.ts";
import { clearStateFolder } from "../state/clear-state-folder.ts";
import { identityFile } from "../state/identity.ts";
import { newRunId } from "../state/new-run-id.ts";
import { lastRunId, readCutOffRun } from "../state/read-runs.ts";
import { removeRunFolder } from "../state/remove-run-folder.ts";
import { openRunJournal } from "../state/run-journal.ts";
import { runFolder } from "../state/state-folder.ts";
import { isGone, thisProcess } from "../state/this-process.ts";
import { writeAtomically } from "../state/write-atomically.ts";
import { ApplyResultTeller } from "./apply-result.ts";
import { askYesNo } from "./ask.ts";
import { commandFor } from "./command-for.ts";
import { interruptsOf, leavesBefore } from "./interrupts.ts";
import { keepRecord } from "./keep-record.ts";
import { type Observed, observe, type SelectOptions } from "./observe.ts";
import { type OpenedCluster, openCluster } from "./open-cluster.ts";
import { type OpenedWorld, openWorld } from "./open-world.ts";
import { exitCodeOfPlan } from "./plan.ts";
import { printProblems } from "./print-problems.ts";
import type { GlobalOptions } from "./program.ts";
import { readInput } from "./read-input.ts";
import { requireSomebodyToAsk } from "./require-approval.ts";
import { requireFit } from "./require-fit.ts";
import { runView } from "./run-view.ts";
import { shown } from "./shown.ts";
import { terminalStyle } from "./terminal-style.ts";
import { version } from "./version.ts";

/** Options of `slipway apply`. */
export interface ApplyOptions extends GlobalOptions, SelectOptions {
  readonly yes?: boolean;
  readonly diff: "short" | "full" | "none";
  readonly continueOnError?: boolean;
  /** Minutes. */
  readonly within?: number;
}

/** `slipway apply [plan]`: look, show, ask, do, report. With `-o json` and `yaml` a result is told however it ends. */
export async function apply(path: string | undefined, options: ApplyOptions): Promise<void> {
  const teller = new ApplyResultTeller(
    options.output,
    (text) => process.stdout.write(text),
    () => performance.now(),
  );
  using leaving = leavesBefore(() => teller.left());
  try {
    const code = await carryThrough(path, options, teller, leaving);
    process.exitCode = code;
    teller.end(code);
  } catch (error) {
    teller.threw(error);
    throw error;
  }
}

async function carryThrough(
  path: string | undefined,
  options: ApplyOptions,
  teller: ApplyResultTeller,
  leaving: Disposable,
): Promise<ExitCode> {
  if (path !== undefined && (options.limit !== undefined || options.through !== undefined)) throw wholePlan();
  const cluster = openCluster(options.file);
  const saved = path === undefined ? undefined : readPlan(path);
  await using world = openWorld(cluster);
  teller.opened(cluster.spec.name, () => world.hosts.usage());
  await tellOfCutOffRun(cluster, options);
  await clearStateFolder(cluster.state, identityFile(process.env));

  const id = newRunId(world.clock.now(), await lastRunId(cluster.state));
  const part = saved === undefined ? options : { saved };
  // A run that was killed while it gave its lock back left it behind. Asked in the same turn as the rest: no round trip.
  const [observed] = await Promise.all([
    observe(cluster, world, part),
    clearDeadLock(cluster.spec.name, id, world, lockOptions(cluster)),
  ]);
  const { plan } = observed;
  teller.planned(plan);
  if (saved !== undefined) requireUnchanged(saved, plan);
  if (options.output === "text") {
    process.stdout.write(`${planText(shown(plan), { ...terminalStyle(process.stdout), diff: options.diff })}\n`);
  }
  if (!hasWork(plan)) return exitCode.done;
  const inTheWay = exitCodeOfPlan(plan);
  if (inTheWay !== exitCode.done && options.continueOnError !== true) {
    const mayGoOn = commandOfIntention(plan.intention) === "apply";
    const hint = mayGoOn ? " '--continue-on-error' applies what does not depend on it." : "";
    process.stderr.write(`\nNothing was changed.${hint}\n`);
    return inTheWay;
  }
  const mustAsk = saved === undefined && options.yes !== true;
  if (mustAsk) requireSomebodyToAsk(plan, options);
  await requireFit(cluster, world, plan, options);
  if (mustAsk && !(await askYesNo("Apply this plan?"))) {
    process.stderr.write("Nothing was changed.\n");
    return exitCode.refused;
  }
  teller.confirmed();
  leaving[Symbol.dispose]();
  return await carryOut(cluster, world, observed, { ...options, id, exactly: saved !== undefined, teller });
}

function wholePlan(): ProblemError {
  return new ProblemError({
    code: "usage/command-line",
    severity: "error",
    message: "slipway apply: --limit and --through do not go with a saved plan",
    because: "a saved plan is applied as a whole, or refused",
    hint: { text: "save a plan of that part", command: "slipway plan --limit HOSTS --through PHASE --out plan.json" },
  });
}

/** A larger one is no plan of ours: it could not be made into one text. */
const planBytes = 2 ** 29 - 1;

function readPlan(path: string): Plan {
  let bytes: Buffer;
  try {
    bytes = readInput(path, planBytes);
  } catch (error) {
    throw new ProblemError(planProblem(path, error instanceof Error ? error.message : String(error)), { cause: error });
  }
  if (bytes.length > planBytes) throw new ProblemError(planProblem(path, `it is larger than ${planBytes} bytes`));
  const text = bytes.toString("utf8");
  if (/^apiVersion: *slipway/m.test(text.slice(0, 4096)))
    throw new ProblemError({
      code: "plan/not-a-plan",
      severity: "error",
      message: `${path} is a cluster file, not a saved plan`,
      hint: { text: "a cluster file is named with -f", command: `slipway apply -f ${path}` },
    });
  return decodePlan(text, path);
}

function planProblem(path: string, because: string): Problem {
  return {
    code: "usage/no-plan-file",
    severity: "error",
    message: `the saved plan ${path} cannot be read`,
    because,
    hint: { text: "make one", command: "slipway plan --out plan.json" },
  };
}

async function tellOfCutOffRun({ state }: OpenedCluster, { output }: GlobalOptions): Promise<void> {
  const cutOff = await readCutOffRun(state, isGone);
  if (cutOff === undefined || output !== "text") return;
  const inFlight = cutOff.inFlight.length === 0 ? "nothing was in flight" : `in flight: ${cutOff.inFlight.join(", ")}`;
  process.stderr.write(`Run ${cutOff.run} was cut off; ${inFlight}. Going on from what the hosts say.\n\n`);
}

async function carryOut(
  cluster: OpenedCluster,
  world: OpenedWorld,
  { plan, selection }: Observed,
  options: ApplyOptions & { readonly id: string; readonly exactly: boolean; readonly teller: ApplyResultTeller },
): Promise<ExitCode> {
  const { id, exactly, teller } = options;
  const owner = thisProcess();
  const events: RunEvent[] = [];
  const view: EventConsumer = runView(options.output);
  const journal = openRunJournal(cluster.state, id, owner);
  const folder = runFolder(cluster.state, id);
  using interrupt = interruptsOf(() => {
    // The view says it once the run is under way, if it is where the person at the keyboard can see it.
    const isElsewhere = options.output === "text" && process.stderr.isTTY && !process.stdout.isTTY;
    if (options.output === "json" || isElsewhere || events.length === 0)
      process.stderr.write(`\n${interruptWords("finish-running", 0)}\n`);
  });
  let result: RunResult;
  try {
    await writeAtomically(join(folder, "plan.json"), encodePlan(plan), 0o600);
    result = await run(selection.steps, plan, world, {
      run: id,
      by: owner.name,
      version,
      journal,
      listener: (event) => {
        const safe = shown(event);
        events.push(safe);
        view.event(safe);
      },
      lock: lockOptions(cluster),
      outside: selection.outside,
      onFailure: options.continueOnError === true ? "continue" : "no-new",
      exactly,
      interrupt,
      ...(options.within !== undefined && { withinMs: options.within * 60_000 }),
    });
  } catch (error) {
    view.close();
    throw withMoreProblems(error, [...(await problemsOf(() => journal.close())), ...(await endFolder())]);
  }
  view.close();
  const unkept = [...(await problemsOf(() => journal.close())), ...(await endFolder())];
  result = { ...result, problems: [...result.problems, ...unkept] };
  teller.finished(result);
  if (options.output === "text") report(events, result, options);
  const { code, problems } = await keepRecord(exitCodeOfRun(result), () => writeDocuments(folder, events));
  if (problems.length > 0) {
    teller.finished({ ...result, problems: [...result.problems, ...problems] });
    printProblems(problems);
  } else if (options.output === "text") {
    process.stdout.write(`As-run document: ${join(folder, "as-run.md")} (and .html)\n`);
  }
  return code;

  /** Locked out, or the disk is full: there was no run, and nothing is left that looks like one. */
  async function endFolder(): Promise<readonly Problem[]> {
    if (!journal.isEmpty) {
      teller.ran(id);
      return [];
    }
    return await problemsOf(() => removeRunFolder(folder));
  }
}

async function writeDocuments(folder: string, events: readonly RunEvent[]): Promise<void> {
  await writeAtomically(join(folder, "as-run.md"), asRunMarkdown(events), 0o600);
  await writeAtomically(join(folder, "as-run.html"), asRunHtml(events), 0o600);
}

function report(events: readonly RunEvent[], result: RunResult, { file }: ApplyOptions): void {
  const style = terminalStyle(process.stdout);
  process.stdout.write(`\n${runSummary(tallyOf(events), { ...style, command: (words) => commandFor(file, words) })}\n`);
  const told = new Set(tallyOf(events).problems.map(({ problem }) => problem.message));
  const untold = result.problems.filter((one) => !told.has(one.message));
  if (untold.length === 0) return;
  process.stderr.write("\n");
  printProblems(untold);
}

/** The cluster lock lives on the same hosts for every run, whatever its part of the work. */
function lockOptions({ spec }: OpenedCluster): ClusterLockOptions {
  const inOrder = ["etcd", "control-plane", "load-balancer", "worker"] as const;
  const sorted = inOrder.flatMap((role) => spec.hosts.filter((host) => host.roles.includes(role)));
  return { hosts: [...new Set(sorted.map((host) => host.name))].slice(0, 3), owner: thisProcess(), isGone };
}
