import type { Problem } from "../problems/problem.ts";
import { ProblemError } from "../problems/problem.ts";
import { countOf } from "../report/count-of.ts";
import { openCluster } from "./open-cluster.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";
import { exitCodeOfError } from "./report-failure.ts";

/** What `slipway validate` found, for machines. Without a valid file the cluster is not known. */
interface Validated {
  readonly file: string;
  readonly valid: boolean;
  readonly cluster: string | null;
  readonly hosts: number | null;
  readonly specDigest: string | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** `slipway validate`: 2 when something is wrong. With `-o json` and `yaml` that is its result, as data. */
export function validate(options: GlobalOptions): void {
  if (options.output === "text") {
    const { spec, file } = openCluster(options.file, "in full");
    process.stdout.write(`${file} is valid: cluster ${spec.name}, ${countOf(spec.hosts.length, "host")}\n`);
    return;
  }
  printResult(validated(options.file), options.output, () => "");
}

function validated(file: string): Validated {
  try {
    const { spec, specDigest, warnings } = openCluster(file, "not at all");
    const hosts = spec.hosts.length;
    return { file, valid: true, cluster: spec.name, hosts, specDigest, problems: [], warnings };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    process.exitCode = exitCodeOfError(error);
    const of = (severity: Problem["severity"]) => error.problems.filter((one) => one.severity === severity);
    const unknown = { cluster: null, hosts: null, specDigest: null };
    return { file, valid: false, ...unknown, problems: of("error"), warnings: of("warning") };
  }
}
