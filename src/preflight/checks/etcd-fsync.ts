import { fsyncFile } from "../../domain/fsync-file.ts";
import { diskUsage } from "../../facts/disk-usage.ts";
import { interpreter } from "../../facts/interpreter.ts";
import type { HostName } from "../../hosts/port.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { Finding, PreflightCheck, PreflightContext } from "../check.ts";
import {
  type FsyncLatency,
  fsyncLatency,
  fsyncMeasurement,
  meanLatency,
  meanMeasurement,
} from "../fsync-measurement.ts";
import { runsEtcd, walFolder } from "../hosts-by-duty.ts";

/** "p99 duration should be less than 10ms" for WAL fsync: https://etcd.io/docs/v3.6/metrics/ and faq/ (2026-11). */
const warningMs = 10;
/**
 * At 100 ms, the default heartbeat interval, a leader on this disk cannot keep its followers from calling an election
 * (https://etcd.io/docs/v3.6/tuning/, 2026-11).
 */
const errorMs = 100;

/** The disk of etcd's log takes small writes fast enough, measured the way etcd writes. */
export const etcdFsync: PreflightCheck = {
  name: "etcd-fsync",
  asks: "p99 of small synced writes on etcd's disk (10 ms)",
  measures: true,
  run: async (context) => {
    const hosts = context.hosts.filter((host) => runsEtcd(context.spec, host));
    const measured: string[] = [];
    const outcome = await judgeHosts(context, hosts, "", async (host) => {
      const latency = await measure(context, host.name);
      measured.push(`${host.name} ${shown(latency)}`);
      return judge(latency, walFolder(context.spec));
    });
    return outcome.state === "judged" ? { ...outcome, because: measured.sort().join(", ") } : outcome;
  },
};

async function measure(context: PreflightContext, host: HostName): Promise<FsyncLatency> {
  const [by, disk] = await Promise.all([
    context.fact(host, interpreter),
    context.fact(host, diskUsage(walFolder(context.spec))),
  ]);
  if (by !== undefined) return fsyncLatency(await context.change(host, fsyncMeasurement(by, disk.existing)));
  const file = fsyncFile(disk.existing);
  try {
    return meanLatency(await context.change(host, meanMeasurement(file)));
  } finally {
    await context.change(host, { kind: "remove", path: file });
  }
}

function judge(latency: FsyncLatency, folder: string): readonly Omit<Finding, "host">[] {
  const foundMs = latency.kind === "percentiles" ? latency.p99Ms : latency.meanMs;
  if (foundMs <= warningMs) return [];
  const isError = foundMs > errorMs;
  return [
    {
      severity: isError ? "error" : "warning",
      message: isError ? "etcd's disk is too slow to keep a leader" : "etcd's disk is slow",
      because: `${shown(latency)} for synced writes of 2300 bytes below ${folder}; the limit is ${isError ? errorMs : warningMs} ms`,
      hint: { text: `give ${folder} an SSD or NVMe disk of its own, or look for what else writes to this one` },
    },
  ];
}

function shown(latency: FsyncLatency): string {
  return latency.kind === "percentiles"
    ? `p99 ${latency.p99Ms.toFixed(1)} ms (median ${latency.p50Ms.toFixed(1)} ms)`
    : `mean ${latency.meanMs.toFixed(1)} ms (no Perl or Python to time single writes)`;
}
