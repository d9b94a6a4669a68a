import { watchOutput } from "./cli/output-errors.ts";
import { buildProgram } from "./cli/program.ts";
import { reportFailure } from "./cli/report-failure.ts";
import { giveSize } from "./cli/terminal-size.ts";
import { ProblemError } from "./problems/problem.ts";

/** Runs one command line (without node and script name) and leaves its exit code in `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  const output = watchOutput();
  giveSize(process.stdout);
  giveSize(process.stderr);
  process.once("exit", () => {
    const lost = output.lost();
    if (lost === undefined) return;
    const code = reportFailure(new ProblemError(lost));
    process.exitCode ||= code;
  });
  try {
    await buildProgram().parseAsync([...argv], { from: "user" });
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}
