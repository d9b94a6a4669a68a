import { formatDuration } from "../problems/format-duration.ts";
import { ProblemError } from "../problems/problem.ts";
import { asRunHtml, asRunMarkdown } from "../report/as-run.ts";
import { table } from "../report/table.ts";
import { readRun, readRuns } from "../state/read-runs.ts";
import { isGone } from "../state/this-process.ts";
import { openCluster } from "./open-cluster.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";
import { terminalStyle } from "./terminal-style.ts";

/** `slipway runs list` */
export async function runsList(options: GlobalOptions): Promise<void> {
  const { state, spec } = openCluster(options.file);
  const runs = await readRuns(state, isGone);
  printResult(runs, options.output, (runs) => {
    if (runs.length === 0) return `No runs of cluster ${spec.name} yet`;
    const columns = [
      { title: "run", value: (run: (typeof runs)[number]) => run.run },
      { title: "intention", value: (run: (typeof runs)[number]) => run.intention },
      { title: "state", value: (run: (typeof runs)[number]) => run.state },
      { title: "by", value: (run: (typeof runs)[number]) => run.by },
      {
        title: "took",
        value: (run: (typeof runs)[number]) => formatDuration(Date.parse(run.lastAt) - Date.parse(run.startedAt)),
      },
      { title: "applied", value: (run: (typeof runs)[number]) => `${run.applied} of ${run.stepCount}` },
      { title: "failed", value: (run: (typeof runs)[number]) => run.failed.length },
    ];
    return table(runs, columns, terminalTable());
  });
}

/** `slipway runs show [run]` */
export async function runsShow(
  id: string | undefined,
  options: GlobalOptions & { readonly format: "markdown" | "html" },
): Promise<void> {
  const { state } = openCluster(options.file);
  const run = id ?? (await readRuns(state, isGone)).at(-1)?.run;
  if (run === undefined) {
    throw new ProblemError({
      code: "usage/no-runs",
      severity: "error",
      message: "there is no run to show",
      because: `nothing was applied yet from ${options.file}`,
      hint: { text: "apply the cluster file first", command: "slipway apply" },
    });
  }
  const record = await readRun(state, run, isGone);
  if (record.unreadableLines > 1) {
    process.stderr.write(
      `${record.unreadableLines} lines of the journal are no events of this version of Slipway: was it edited, or written by another version?\n`,
    );
  }
  printResult(record, options.output, (record) =>
    (options.format === "html" ? asRunHtml : asRunMarkdown)(record.events),
  );
}

function terminalTable(): { readonly width?: number } {
  return process.stdout.isTTY ? { width: terminalStyle(process.stdout).width } : {};
}
