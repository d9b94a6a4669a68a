import { buildProgram } from "./cli/program.ts";
import { reportFailure } from "./cli/report-failure.ts";

/** Runs one command line (without node and script name) and leaves its exit code in `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = buildProgram();
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}
