import type { OsRelease } from "../../facts/os-release.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { PackageManager } from "../../resources/package.ts";

/** What differs between the supported distributions. Everything else in `parts/` is the same on all of them. */
export interface Distribution {
  /** "debian-12", "ubuntu-24.04", "rhel-9": one for all that behave alike. */
  readonly name: string;
  readonly packageManager: PackageManager;
  /** Release name in package repositories; absent where there is none. */
  readonly codename?: string;
  /** Package names. Empty: what it brings is there on every host of the distribution. */
  readonly packages: {
    readonly chrony: string;
    /** conntrack, ipvsadm, ipset, jq, curl, wget, socat, tar and what `sysctl` and `modprobe` are in. */
    readonly tools: readonly string[];
    /** Those a host outside the cluster needs as well. */
    readonly basicTools: readonly string[];
    /** iSCSI initiator and NFS client. */
    readonly storageClients: readonly string[];
    /** Absent where the distribution has no etcd. */
    readonly etcd?: readonly string[];
    readonly haproxy: string;
    readonly keepalived: string;
  };
  readonly chrony: {
    readonly unit: string;
    readonly config: string;
    readonly driftFile: string;
    readonly keyFile: string;
    /** The daemon as its unit starts it. */
    readonly command: string;
  };
  /** Enabled with the storage clients. */
  readonly iscsiUnit: string;
  /** Its systemd sets fs.file-max to the largest number at boot: from version 240 on. */
  readonly raisesFileMax: boolean;
  /** Where dpkg notes that a package was (re)installed: its modification time. Absent with rpm. */
  packageStamp?(name: string): string;
}

const basicTools = ["jq", "socat", "tar"];
/** openssl: certificates that ports serve and files hold are looked at with it. */
const clusterTools = ["ipset", "ipvsadm", "openssl", "wget"];

function debian(name: string, codename: string): Distribution {
  const basic = ["procps", "kmod", "curl", ...basicTools];
  return {
    name,
    packageManager: "apt",
    codename,
    packages: {
      chrony: "chrony",
      tools: [...basic, "conntrack", ...clusterTools],
      basicTools: basic,
      storageClients: ["open-iscsi", "nfs-common"],
      etcd: ["etcd-server", "etcd-client"],
      haproxy: "haproxy",
      keepalived: "keepalived",
    },
    chrony: {
      unit: "chrony.service",
      config: "/etc/chrony/chrony.conf",
      driftFile: "/var/lib/chrony/chrony.drift",
      keyFile: "/etc/chrony/chrony.keys",
      // "!": the daemon drops root by itself. chrony.service of Debian 12 (4.3-2+deb12u3).
      command: "!/usr/sbin/chronyd -F 1",
    },
    iscsiUnit: "iscsid.service",
    raisesFileMax: true,
    packageStamp: (one) => `/var/lib/dpkg/info/${one}.list`,
  };
}

/** `etcd`: the distribution has the package. RHEL and its rebuilds do not, openEuler does. */
function redHat(name: string, raisesFileMax: boolean, etcd?: readonly string[]): Distribution {
  // curl is left out: a minimal installation has curl-minimal, which conflicts with it and does as well.
  const basic = ["procps-ng", "kmod", ...basicTools];
  return {
    name,
    packageManager: "dnf",
    packages: {
      chrony: "chrony",
      tools: [...basic, "conntrack-tools", ...clusterTools],
      basicTools: basic,
      storageClients: ["iscsi-initiator-utils", "nfs-utils"],
      ...(etcd === undefined ? {} : { etcd }),
      haproxy: "haproxy",
      keepalived: "keepalived",
    },
    chrony: {
      unit: "chronyd.service",
      config: "/etc/chrony.conf",
      driftFile: "/var/lib/chrony/drift",
      keyFile: "/etc/chrony.keys",
      command: "/usr/sbin/chronyd",
    },
    iscsiUnit: "iscsid.service",
    raisesFileMax,
  };
}

const rhel8 = redHat("rhel-8", false);
const rhel9 = redHat("rhel-9", true);
const table: Readonly<Record<string, Distribution>> = {
  "debian 12": debian("debian-12", "bookworm"),
  "debian 13": debian("debian-13", "trixie"),
  "ubuntu 22.04": debian("ubuntu-22.04", "jammy"),
  "ubuntu 24.04": debian("ubuntu-24.04", "noble"),
  "rhel 8": rhel8,
  "rhel 9": rhel9,
  "rocky 8": rhel8,
  "rocky 9": rhel9,
  "almalinux 8": rhel8,
  "almalinux 9": rhel9,
  "openEuler 22": redHat("openeuler-22", true, ["etcd"]),
};

/** The row of that name. Throws `host/unsupported-distribution`. */
export function distributionNamed(name: string): Distribution {
  const found = Object.values(table).find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = [...new Set(Object.values(table).map((one) => one.name))];
  throw new ProblemError({
    code: "host/unsupported-distribution",
    severity: "error",
    message: `${name} is not supported`,
    because: `supported are ${names.join(", ")}`,
  });
}

/**
 * The row for a host's distribution: the same object for all hosts that run it. Throws `host/unsupported-distribution`
 * for one that is not in the table.
 */
export function distributionOf(os: OsRelease): Distribution {
  const major = os.versionId.split(".")[0] ?? "";
  const found = table[`${os.id} ${os.versionId}`] ?? table[`${os.id} ${major}`];
  if (found !== undefined) return found;
  throw new ProblemError({
    code: "host/unsupported-distribution",
    severity: "error",
    message: `${os.prettyName} is not supported`,
    because: `found ${os.id} ${os.versionId}, supported are ${Object.keys(table).join(", ")}`,
    hint: { text: "Use a host with one of the supported distributions", command: "cat /etc/os-release" },
  });
}
