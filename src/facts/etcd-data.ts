import type { Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { pathStat } from "./path-stat.ts";

/** Whether a member has lived on a host: etcd makes `member` in its data folder at its first start. */
export function etcdData(dataDir: string): Fact<"present" | "absent"> {
  const path = `${dataDir}/member`;
  const reads: readonly Read[] = [{ kind: "stat", path }];
  return {
    name: "etcd-data",
    reads,
    parse: ([answer]) => (pathStat(path, answer).exists ? "present" : "absent"),
  };
}
