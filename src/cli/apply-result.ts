import type { Plan } from "../engine/plan.ts";
import type { RunResult } from "../engine/run-options.ts";
import { type ExitCode, exitCode } from "../problems/exit-code.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import { jsonText } from "../report/json-text.ts";
import { formatResult } from "../report/output.ts";
import type { OutputFormat } from "../report/output-formats.ts";
import { exitCodeOfError } from "./report-failure.ts";
import { shown } from "./shown.ts";

/**
 * What `slipway apply` came to, for machines: the last line of `-o json`, the whole of `-o yaml`. The same fields however
 * it ended. Described in docs/concepts.md.
 */
export interface ApplyResult {
  readonly type: "result";
  /** Null when no run was started: there was nothing to do, or it was refused before. */
  readonly run: string | null;
  /** Null when the cluster file could not be read. */
  readonly cluster: string | null;
  readonly exitCode: ExitCode;
  /** Somebody agreed to the plan: by --yes, or with a saved plan. */
  readonly confirmed: boolean;
  /** Steps, by how they ended. */
  readonly applied: number;
  readonly satisfied: number;
  readonly failed: number;
  readonly notStarted: number;
  readonly cancelled: number;
  readonly interrupted: "finish-running" | "leave-now" | null;
  readonly problems: readonly Problem[];
  readonly connections: number;
  readonly roundTrips: number;
  /** Of the whole command, the plan included. */
  readonly durationMs: number;
}

interface Usage {
  readonly connections: number;
  readonly roundTrips: number;
}

const nothing = { applied: 0, satisfied: 0, failed: 0, notStarted: 0, cancelled: 0 };

/** Gathers what an apply comes to while it goes on, and tells it once. */
export class ApplyResultTeller {
  readonly #format: OutputFormat;
  readonly #write: (text: string) => unknown;
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  #cluster: string | null = null;
  #usage: () => Usage = () => ({ connections: 0, roundTrips: 0 });
  #confirmed = false;
  #counts: Pick<ApplyResult, keyof typeof nothing> = nothing;
  #problems: readonly Problem[] = [];
  #run: string | null = null;
  #interrupted: ApplyResult["interrupted"] = null;

  constructor(format: OutputFormat, write: (text: string) => unknown, nowMs: () => number) {
    this.#format = format;
    this.#write = write;
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
  }

  opened(cluster: string, usage: () => Usage): void {
    this.#cluster = cluster;
    this.#usage = usage;
  }

  /** Until a run has ended nothing but what is satisfied already counts. */
  planned(plan: Plan): void {
    const satisfied = plan.steps.filter((step) => step.state === "satisfied").length;
    const refusals = plan.steps.flatMap((step) => (step.state === "refused" ? [step.problem] : []));
    this.#counts = { ...nothing, satisfied, notStarted: plan.steps.length - satisfied };
    this.#problems = [...plan.unreachable.map((one) => one.problem), ...refusals];
  }

  confirmed(): void {
    this.#confirmed = true;
  }

  /** A run was begun and is in the journal. */
  ran(run: string): void {
    this.#run = run;
  }

  finished(result: RunResult): void {
    const { applied, satisfied, failed, notStarted, cancelled } = result;
    this.#counts = { applied, satisfied, failed: failed.length, notStarted, cancelled };
    this.#problems = result.problems;
    this.#interrupted = result.interrupted ?? null;
  }

  /** Prints nothing with `-o text`. */
  end(code: ExitCode): void {
    this.#tell(code, this.#problems);
  }

  /** The end by something that was thrown, after what is known already. */
  threw(error: unknown): void {
    const thrown = error instanceof ProblemError ? error.problems : [bugOf(error)];
    const known = this.#problems.filter((one) => !thrown.some((other) => isSame(one, other)));
    this.#tell(exitCodeOfError(error), [...known, ...thrown]);
  }

  /** Ctrl-C before the run: nothing was changed. */
  left(): void {
    this.#interrupted = "leave-now";
    this.#tell(exitCode.interrupted, []);
  }

  #tell(code: ExitCode, problems: readonly Problem[]): void {
    if (this.#format === "text") return;
    const result: ApplyResult = {
      type: "result",
      run: this.#run,
      cluster: this.#cluster,
      exitCode: code,
      confirmed: this.#confirmed,
      ...this.#counts,
      interrupted: this.#interrupted,
      problems,
      ...this.#usage(),
      durationMs: Math.round(this.#nowMs() - this.#startedMs),
    };
    const safe = shown(result);
    this.#write(this.#format === "json" ? `${jsonText(safe)}\n` : formatResult(safe, this.#format, () => ""));
  }
}

function isSame(one: Problem, other: Problem): boolean {
  return one.code === other.code && one.message === other.message;
}

function bugOf(error: unknown): Problem {
  return {
    code: "engine/bug",
    severity: "error",
    message: "something went wrong that Slipway did not expect",
    because: error instanceof Error ? error.message : String(error),
  };
}
