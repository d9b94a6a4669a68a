import { createHash } from "node:crypto";

/** Debian releases a machine can run: bookworm everywhere, trixie only on cgroup v2 (its systemd refuses v1). */
type Suite = "bookworm" | "trixie";

/** Everything an image is made from. Two equal recipes are the same image. */
export interface ImageRecipe {
  readonly suite: Suite;
  /** Base URL of the Debian archive; the security archive lies beside it. */
  readonly mirror: string;
  /** HTTP proxy of the host's apt, if any. */
  readonly proxy?: string;
}

/** What a freshly installed Debian server with SSH has; no Python, no curl. */
export const imagePackages = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "openssh-server",
  "iproute2",
  "iputils-ping",
  "procps",
  "sudo",
  "ca-certificates",
];

/** Downloaded into the image but not installed, so that seven machines do not fetch the same packages seven times. */
export const seededPackages = [
  "chrony",
  "conntrack",
  "containerd",
  "curl",
  "ebtables",
  "etcd-client",
  "etcd-server",
  "ethtool",
  "haproxy",
  "ipset",
  "iptables",
  "ipvsadm",
  "keepalived",
  "kmod",
  "nfs-common",
  "nftables",
  "open-iscsi",
  "psmisc",
  "rsync",
  "runc",
  "socat",
];

/** Users of every machine beside root: `admin` has sudo without a password, `operator` with `operatorPassword`. */
export const machineUsers = [
  { name: "admin", uid: 1000, sudoers: "admin ALL=(ALL:ALL) NOPASSWD: ALL\n" },
  { name: "operator", uid: 1001, sudoers: "operator ALL=(ALL:ALL) ALL\n" },
] as const;

/** What `operator` types for sudo in a machine. SSH takes keys only, so this opens nothing from outside. */
export const operatorPassword = "slipway-lab";

/** Timers and consoles that only cost time in a machine, or hold apt's lock at a random moment. */
export const maskedUnits = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "console-getty.service",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
  "getty@tty1.service",
  "systemd-pstore.service",
];

/** A file that makes a Debian root into a lab machine. */
export interface ImageFile {
  readonly path: string;
  readonly mode: number;
  readonly content: string;
}

const earlyUnit = `[Unit]
Description=Make kernel settings and control groups writable in a lab machine
DefaultDependencies=no
Before=sysinit.target systemd-sysctl.service systemd-modules-load.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/slipway-lab/early

[Install]
WantedBy=sysinit.target
`;

// /proc/swaps is not namespaced: a machine would see, and Slipway try to switch off, the swap of the host.
const earlyScript = `#!/bin/sh
set -eu
mount -o remount,bind,rw /proc/sys
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -o remount,bind,rw /sys/fs/cgroup
else
  for tree in /sys/fs/cgroup/*; do
    if mountpoint -q "$tree"; then mount -o remount,bind,rw "$tree"; fi
  done
fi
mount --make-rshared /
mount --bind /usr/lib/slipway-lab/swaps /proc/swaps
`;

// The clock is the host's and a machine may not set it: chronyd measures (-x) and its unit must not ask for the right.
const chronyOverride = `[Unit]
ConditionCapability=

[Service]
ExecStart=
ExecStart=!/usr/sbin/chronyd $DAEMON_OPTS -x
`;

/** The files of an image, beside the packages. */
export function imageFiles(recipe: ImageRecipe): readonly ImageFile[] {
  return [
    { path: "/etc/machine-id", mode: 0o444, content: "" },
    { path: "/etc/apt/sources.list", mode: 0o644, content: `${aptSources(recipe).join("\n")}\n` },
    ...(recipe.proxy === undefined
      ? []
      : [
          {
            path: "/etc/apt/apt.conf.d/80slipway-lab-proxy",
            mode: 0o644,
            content: `Acquire::http::Proxy "${recipe.proxy}";\n`,
          },
        ]),
    // A lab disk may be lost with the computer: unpacking need not wait for it.
    { path: "/etc/dpkg/dpkg.cfg.d/slipway-lab", mode: 0o644, content: "force-unsafe-io\n" },
    // /dev/kmsg is the host's: seven journals need no copy of it.
    { path: "/etc/systemd/journald.conf.d/slipway-lab.conf", mode: 0o644, content: "[Journal]\nReadKMsg=no\n" },
    { path: "/etc/systemd/system/chrony.service.d/slipway-lab.conf", mode: 0o644, content: chronyOverride },
    { path: "/etc/systemd/system/slipway-lab.service", mode: 0o644, content: earlyUnit },
    { path: "/usr/lib/slipway-lab/early", mode: 0o755, content: earlyScript },
    {
      path: "/usr/lib/slipway-lab/swaps",
      mode: 0o444,
      content: "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n",
    },
    ...machineUsers.map(({ name, sudoers }) => ({ path: `/etc/sudoers.d/${name}`, mode: 0o440, content: sudoers })),
  ];
}

/** One-line entries for sources.list: the release, its updates and its security fixes. */
export function aptSources({ suite, mirror }: ImageRecipe): readonly string[] {
  const security = mirror.replace(/debian\/?$/, "debian-security");
  return [
    `deb ${mirror} ${suite} main`,
    `deb ${mirror} ${suite}-updates main`,
    `deb ${security} ${suite}-security main`,
  ];
}

/** Identifies a recipe: a change to anything above makes another image. */
export function recipeDigest(recipe: ImageRecipe): string {
  const parts = [
    recipe,
    imagePackages,
    seededPackages,
    machineUsers,
    operatorPassword,
    maskedUnits,
    imageFiles(recipe),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
}
