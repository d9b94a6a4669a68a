import { z } from "zod";
import { port, wholeNumber } from "./numbers.ts";
import { textOf } from "./value-kind.ts";
import { valueKinds } from "./value-kinds.ts";

/** `spec.etcd`. */
export const etcdSchema = z
  .strictObject({
    topology: z
      .enum(["external", "stacked"])
      .describe(
        "external: members on the hosts with role etcd, run by systemd. stacked: kubeadm runs a member on each control plane. Default: external when a host has the role etcd.",
      )
      .optional(),
    dataDir: textOf(valueKinds.hostPath)
      .describe("Data directory on the hosts; its own SSD or NVMe is best.")
      .default("/var/lib/etcd"),
    walDir: textOf(valueKinds.hostPath, "/data/etcd-wal")
      .describe("Directory for the write-ahead log, on a disk of its own where there is one. Default: inside dataDir.")
      .optional(),
    quotaBackendBytes: z
      .union([wholeNumber(100 * 2 ** 20, 64 * 2 ** 30), textOf(valueKinds.quantity)])
      .describe(
        "Largest size of the database in bytes, or with Ki, Mi, Gi; 100Mi to 64Gi. etcd suggests at most 8Gi (https://etcd.io/docs/v3.6/dev-guide/limit/).",
      )
      .default("8Gi"),
    autoCompaction: z
      .strictObject({
        mode: z
          .enum(["periodic", "revision"])
          .describe("Keep history by time or by number of revisions.")
          .default("periodic"),
        retention: textOf(valueKinds.compactionRetention)
          .describe(
            "How much to keep: a duration in h, m or s (periodic), or a number of revisions in quotes (revision).",
          )
          .default("8h"),
      })
      .describe("Automatic compaction of etcd's history; the API server also compacts every 5 minutes.")
      .prefault({}),
    snapshotCount: wholeNumber(100, 10_000_000)
      .describe(
        "Committed transactions between snapshots to disk; etcd 3.6 has 10000 (https://etcd.io/docs/v3.6/op-guide/configuration/).",
      )
      .default(10_000),
    heartbeatMs: wholeNumber(10, 10_000)
      .describe(
        "Milliseconds between heartbeats of the leader; about the round trip between members (https://etcd.io/docs/v3.6/tuning/).",
      )
      .default(100),
    electionMs: wholeNumber(50, 50_000)
      .describe(
        "Milliseconds without a heartbeat until an election: at least 5 heartbeats, at most 50000 (https://etcd.io/docs/v3.6/tuning/).",
      )
      .default(1000),
    clientPort: port().describe("TCP port for clients.").default(2379),
    peerPort: port().describe("TCP port between members.").default(2380),
    metricsPort: port().describe("TCP port for metrics and health, on loopback, without TLS.").default(2381),
    source: z
      .strictObject({
        from: z
          .enum(["distribution", "release"])
          .describe("distribution: the package of the host's repositories. release: the project's tarball.")
          .default("distribution"),
        version: textOf(valueKinds.etcdVersion).describe("Release to install; only with from: release.").optional(),
        sha256: textOf(valueKinds.sha256)
          .describe(
            "SHA-256 of the tarball; only with from: release, and needless with a bundle, which has its own digests.",
          )
          .optional(),
      })
      .describe("Where the etcd binaries of external members come from.")
      .prefault({}),
    replacing: textOf(valueKinds.hostName, "etcd-2")
      .describe("Host whose member is being replaced; allows an even number of members until it is gone.")
      .optional(),
  })
  .describe("etcd, which holds all state of the cluster.");
