import { sizeInBytes } from "../derived-values.ts";
import type { Sections } from "../schema/cluster-file-schema.ts";
import type { FieldPath } from "../yaml/path-locator.ts";
import type { Rule, RuleReport } from "./rule.ts";

const path = ["spec", "etcd"] as const;

/** etcd's limits between its settings. */
export const etcdSettings: Rule = ({ etcd, artifacts }, report) => {
  if (etcd === undefined) return;
  checkTiming(etcd, report);
  checkQuota(etcd, report);
  checkCompaction(etcd, report);
  checkSource(etcd, artifacts?.bundle !== undefined, report);
};

function checkTiming({ heartbeatMs, electionMs }: Sections["etcd"], report: RuleReport): void {
  // etcd refuses to start below this: "--election-timeout should be at least as 5 times as --heartbeat-interval".
  if (electionMs < 5 * heartbeatMs) {
    report.error("config/election-too-short", [...path, "electionMs"], {
      message: "spec.etcd.electionMs is too short for its heartbeat",
      because: `found ${electionMs} ms; heartbeatMs (${report.placeOf([...path, "heartbeatMs"])}) is ${heartbeatMs} ms, and etcd starts only with at least 5 heartbeats, ${5 * heartbeatMs} ms`,
      hint: { text: `write electionMs: ${Math.min(50_000, 10 * heartbeatMs)}` },
    });
  }
}

function checkQuota({ quotaBackendBytes }: Sections["etcd"], report: RuleReport): void {
  const bytes = sizeInBytes(quotaBackendBytes);
  const gibibytes = Math.round((bytes / 2 ** 30) * 10) / 10;
  if (bytes < 100 * 2 ** 20 || bytes > 64 * 2 ** 30) {
    report.error("config/out-of-range", [...path, "quotaBackendBytes"], {
      message: `spec.etcd.quotaBackendBytes is too ${bytes < 2 ** 30 ? "small" : "large"}`,
      because: `found ${quotaBackendBytes}; the limits are 100Mi and 64Gi`,
      hint: { text: "write 8Gi" },
    });
  } else if (bytes > 8 * 2 ** 30) {
    report.warning("config/large-etcd-quota", [...path, "quotaBackendBytes"], {
      message: "spec.etcd.quotaBackendBytes is more than etcd suggests",
      because: `found ${gibibytes} GiB; etcd suggests at most 8 GiB (https://etcd.io/docs/v3.6/dev-guide/limit/), as restarts and new members take longer with more`,
      hint: { text: "write 8Gi unless you measured more" },
    });
  }
}

function checkCompaction({ autoCompaction }: Sections["etcd"], report: RuleReport): void {
  const { mode, retention } = autoCompaction;
  const isDuration = /[hms]$/.test(retention);
  if (isDuration === (mode === "periodic")) return;
  report.error("config/compaction-mismatch", [...path, "autoCompaction", "retention"], {
    message: `spec.etcd.autoCompaction.retention does not fit mode ${mode}`,
    because: `found ${retention}; mode ${mode} (${report.placeOf([...path, "autoCompaction", "mode"])}) keeps ${mode === "periodic" ? "a time, such as 8h" : 'a number of revisions, such as "10000"'}`,
    hint: { text: mode === "periodic" ? "write retention: 8h" : 'write retention: "10000"' },
  });
}

function checkSource({ source }: Sections["etcd"], hasBundle: boolean, report: RuleReport): void {
  const sourcePath = [...path, "source"];
  for (const field of ["version", "sha256"] as const) {
    const isSet = source[field] !== undefined;
    const isNeeded = field === "version" || !hasBundle;
    if (source.from === "release" && !isSet && isNeeded) {
      report.error("config/missing-field", sourcePath, {
        message: `spec.etcd.source has no ${field}`,
        because: `from is release (${report.placeOf([...sourcePath, "from"])}): the tarball is chosen by version and checked against its SHA-256`,
        hint: { text: `add ${field}, from SHA256SUMS of the release` },
      });
    } else if (source.from === "distribution" && isSet) {
      report.error("config/etcd-source-conflict", [...sourcePath, field], {
        message: `spec.etcd.source.${field} has no effect`,
        because: `from (${report.placeOf([...sourcePath, "from"])}) is distribution: the host's repositories decide`,
        hint: { text: `write from: release, or remove ${field}` },
      });
    }
  }
}

/** Directories that hold the system itself, or that a boot empties. */
const systemDirectories = [
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/lib",
  "/lib32",
  "/lib64",
  "/proc",
  "/root",
  "/run",
  "/sbin",
  "/sys",
  "/tmp",
  "/usr",
  "/var/run",
  "/var/tmp",
];
/** Directories that hold other things beside: fine to be in, not to be. */
const sharedDirectories = [
  "/data",
  "/home",
  "/media",
  "/mnt",
  "/opt",
  "/srv",
  "/var",
  "/var/cache",
  "/var/lib",
  "/var/log",
];
/** What other parts of a node own. */
const ownedDirectories = ["/var/lib/containerd", "/var/lib/kubelet", "/var/lib/dpkg", "/var/lib/rpm", "/var/lib/apt"];

/** etcd's directories are its own, and not inside each other. */
export const etcdDirectories: Rule = ({ etcd }, report) => {
  if (etcd === undefined) return;
  checkDirectory(etcd.dataDir, [...path, "dataDir"], report);
  if (etcd.walDir === undefined) return;
  checkDirectory(etcd.walDir, [...path, "walDir"], report);
  if (isWithin(etcd.walDir, etcd.dataDir) || isWithin(etcd.dataDir, etcd.walDir)) {
    report.error("config/directory-conflict", [...path, "walDir"], {
      message: "spec.etcd.walDir and spec.etcd.dataDir are not apart",
      because: `walDir is ${etcd.walDir} and dataDir (${report.placeOf([...path, "dataDir"])}) is ${etcd.dataDir}; one lies in the other`,
      hint: { text: "write a directory on a disk of its own, or remove walDir to keep the log in dataDir" },
    });
  }
};

function checkDirectory(directory: string, field: FieldPath, report: RuleReport): void {
  const system = systemDirectories.find((one) => isWithin(directory, one));
  const owned = ownedDirectories.find((one) => isWithin(directory, one) || isWithin(one, directory));
  const isShared = sharedDirectories.includes(directory);
  if (system === undefined && owned === undefined && !isShared) return;
  report.error("config/directory-conflict", field, {
    message: `${field.join(".")} is not a directory of etcd's own`,
    because: `found ${directory}; ${isShared ? `${directory} holds other things` : `${system ?? owned ?? ""} belongs to the system`}`,
    hint: { text: "write /var/lib/etcd, or a directory on a disk mounted for etcd such as /data/etcd" },
  });
}

function isWithin(directory: string, parent: string): boolean {
  return directory === parent || directory.startsWith(`${parent}/`);
}
