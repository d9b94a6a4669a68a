import type { CommandResult, Read } from "../hosts/port.ts";
import { fieldOf, idIn, listIn, numberIn, parseEtcdJson, textIn } from "./etcd-json.ts";
import { etcdctl } from "./etcd-layout.ts";
import { type EtcdSilence, etcdReason } from "./etcd-members.ts";
import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";

/** What a member says of itself. */
export interface EtcdEndpointStatus {
  readonly answers: true;
  readonly clusterId: string;
  readonly memberId: string;
  /** "3.4.23". */
  readonly version: string;
  /** Size of the database file. */
  readonly dbSizeBytes: number;
  /** What of it is in use; the rest comes back by defragmenting. */
  readonly dbInUseBytes: number;
  /** "0": it knows no leader. */
  readonly leaderId: string;
  readonly revision: number;
  readonly raftTerm: number;
  readonly raftIndex: number;
  readonly raftAppliedIndex: number;
  readonly learner: boolean;
  /** "NOSPACE", "CORRUPT" alarms and what else it complains of; empty before 3.4. */
  readonly errors: readonly string[];
}

/** Whether a read that needs the quorum succeeds through this member. */
export interface EtcdHealth {
  readonly healthy: boolean;
  /** How long that took; absent when nobody answered. */
  readonly tookMs?: number;
  readonly because: string;
}

/** The status of the host's own member, which it gives without a quorum too. */
export function etcdEndpointStatus(clientPort: number): Fact<EtcdEndpointStatus | EtcdSilence> {
  const argv = etcdctl(clientPort, ["endpoint", "status", "--write-out=json"]);
  const reads: readonly Read[] = [{ kind: "run", argv }];
  return {
    name: "etcd-endpoint-status",
    reads,
    parse([answer]) {
      const result = commandOf("etcd-endpoint-status", "etcdctl endpoint status", answer);
      const [first] = listIn({ rows: parseEtcdJson(result.stdout.toString("utf8")) }, "rows");
      if (first === undefined) return { answers: false, because: etcdReason(result) };
      const status = fieldOf(first, "Status");
      if (fieldOf(status, "header", "member_id") === undefined) {
        throw notUnderstood("etcd-endpoint-status", "etcdctl endpoint status", answer, "it has no member_id");
      }
      return {
        answers: true,
        clusterId: idIn(status, "header", "cluster_id"),
        memberId: idIn(status, "header", "member_id"),
        version: textIn(status, "version"),
        dbSizeBytes: numberIn(status, "dbSize"),
        dbInUseBytes: numberIn(status, "dbSizeInUse"),
        leaderId: idIn(status, "leader"),
        revision: numberIn(status, "header", "revision"),
        raftTerm: numberIn(status, "raftTerm"),
        raftIndex: numberIn(status, "raftIndex"),
        raftAppliedIndex: numberIn(status, "raftAppliedIndex"),
        learner: fieldOf(status, "isLearner") === true,
        errors: listIn(status, "errors").map(String),
      };
    },
  };
}

/** The health of the host's own member: a linearizable read, and no alarm. */
export function etcdHealth(clientPort: number): Fact<EtcdHealth> {
  const argv = etcdctl(clientPort, ["endpoint", "health", "--write-out=json"]);
  const reads: readonly Read[] = [{ kind: "run", argv }];
  return {
    name: "etcd-health",
    reads,
    parse([answer]) {
      const result = commandOf("etcd-health", "etcdctl endpoint health", answer);
      const row = healthRow(result);
      if (row === undefined) {
        if (result.exitCode === 0) {
          throw notUnderstood("etcd-health", "etcdctl endpoint health", answer, "it has no endpoint");
        }
        return { healthy: false, because: etcdReason(result) };
      }
      const tookMs = durationMs(textIn(row, "took"));
      const healthy = fieldOf(row, "health") === true;
      return {
        healthy,
        ...(tookMs === undefined ? {} : { tookMs }),
        because: healthy ? "a read that needs the quorum succeeds" : textIn(row, "error") || "it says it is unhealthy",
      };
    },
  };
}

function healthRow(result: CommandResult): unknown {
  return listIn({ rows: parseEtcdJson(result.stdout.toString("utf8")) }, "rows")[0];
}

const unitsMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  µs: 1e-3,
  us: 1e-3,
  ns: 1e-6,
};

/** Go's way to write a duration: "1.505481ms", "1m3.5s". */
function durationMs(text: string): number | undefined {
  const parts = [...text.matchAll(/([\d.]+)(h|ms|m|s|µs|us|ns)/g)];
  if (parts.length === 0) return undefined;
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * (unitsMs[unit ?? ""] ?? 0), 0);
}
