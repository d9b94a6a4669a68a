import { countOf } from "../report/count-of.ts";
import { openCluster } from "./open-cluster.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";

/** `slipway validate` */
export function validate(options: GlobalOptions): void {
  const { spec, file, specDigest, warnings } = openCluster(options.file, "in full");
  const result = { file, cluster: spec.name, hosts: spec.hosts.length, specDigest, warnings };
  printResult(
    result,
    options.output,
    () => `${file} is valid: cluster ${spec.name}, ${countOf(spec.hosts.length, "host")}`,
  );
}
