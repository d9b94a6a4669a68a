import type { Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { hostTime } from "./host-time.ts";
import { commandOf } from "./not-understood.ts";
import { pathStat } from "./path-stat.ts";

/** Whether a running kube-apiserver has loaded its encryption configuration as it is on disk. */
export interface EncryptionLoaded {
  /** When the file was last written; undefined when there is none. Seconds since the epoch, by the host's clock. */
  readonly writtenAt?: number;
  /** When the API server last took a changed file; undefined when it has not since it started. */
  readonly reloadedAt?: number;
  /** When the API server started; undefined when it does not run. */
  readonly startedAt?: number;
}

const metric = "apiserver_encryption_config_controller_automatic_reload_last_timestamp_seconds";
const ps = ["ps", "-o", "etimes=", "-C", "kube-apiserver"];

/**
 * Asks the API server's own metrics (`metricsArgv` is the curl that does) and the kernel.
 * staging/src/k8s.io/apiserver/pkg/server/options/encryptionconfig/metrics of Kubernetes 1.36
 */
export function encryptionLoaded(path: string, metricsArgv: readonly string[]): Fact<EncryptionLoaded> {
  const reads: readonly Read[] = [
    { kind: "stat", path },
    { kind: "run", argv: metricsArgv },
    { kind: "run", argv: ps },
    ...hostTime.reads,
  ];
  return {
    name: "encryption-loaded",
    reads,
    parse([stat, metrics, process, ...time]) {
      const file = pathStat(path, stat);
      const { now } = hostTime.parse(time);
      const said = commandOf("encryption-loaded", "/metrics", metrics).stdout.toString("utf8");
      const reloaded = new RegExp(`^${metric}\\{[^}]*status="success"[^}]*\\} (\\S+)$`, "m").exec(said)?.[1];
      const seconds = commandOf("encryption-loaded", ps.join(" "), process).stdout.toString("utf8").trim();
      return {
        ...(file.exists ? { writtenAt: file.modifiedAt } : {}),
        ...(reloaded === undefined ? {} : { reloadedAt: Number(reloaded) }),
        ...(/^\d+$/.test(seconds) ? { startedAt: now - Number(seconds) } : {}),
      };
    },
  };
}
