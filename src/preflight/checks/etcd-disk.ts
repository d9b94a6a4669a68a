import { type BlockDevice, blockDevices } from "../../facts/block-devices.ts";
import { type DiskUsage, diskUsage } from "../../facts/disk-usage.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { Finding, PreflightCheck } from "../check.ts";
import { runsEtcd, walFolder } from "../hosts-by-duty.ts";

const gib = 1024 ** 3;
/** The database at its quota, the copy a defragmentation writes beside it, and the log with its snapshots. */
const roomInQuotas = 3;
const networkFileSystems = /^(nfs4?|cifs|smb3|9p|ceph|glusterfs|fuse\..*|lustre|gfs2|ocfs2)$/;
/** Virtual disks call themselves rotational whatever is below them: [etcd-fsync] measures instead. */
const virtualDisk = /^(vd|xvd)/;

/** etcd's disk is local, its own, not a spinning one, and has room for the database. */
export const etcdDisk: PreflightCheck = {
  name: "etcd-disk",
  asks: "the disk etcd writes to",
  run: (context) => {
    const { spec } = context;
    const hosts = context.hosts.filter((host) => runsEtcd(spec, host));
    return judgeHosts(context, hosts, "etcd has a local disk of its own with room", async (host) => {
      const [wal, data, root, devices] = await Promise.all([
        context.fact(host.name, diskUsage(walFolder(spec))),
        context.fact(host.name, diskUsage(spec.etcd.dataDir)),
        context.fact(host.name, diskUsage("/")),
        context.fact(host.name, blockDevices),
      ]);
      return [...judgeKind(wal, root), ...judgeRotation(wal, devices), ...judgeRoom(data, spec.etcd.quotaBackendBytes)];
    });
  },
};

function judgeKind(disk: DiskUsage, root: DiskUsage): readonly Omit<Finding, "host">[] {
  const shown = `${disk.path} is on ${disk.source} (${disk.fileSystem}), mounted at ${disk.mountPoint}`;
  if (networkFileSystems.test(disk.fileSystem)) {
    return [
      {
        severity: "error",
        message: "etcd would keep its log on a network file system",
        because: `${shown}; every write waits for the network, and file locks cannot be trusted`,
        hint: { text: "mount a local SSD or NVMe disk there" },
      },
    ];
  }
  if (disk.fileSystem === "tmpfs" || disk.fileSystem === "ramfs") {
    return [
      {
        severity: "error",
        message: "etcd would keep its data in memory",
        because: `${shown}; a restart of the host loses the member`,
        hint: { text: "mount a local SSD or NVMe disk there" },
      },
    ];
  }
  if (disk.mountPoint !== "/" && disk.source !== root.source) return [];
  return [
    {
      severity: "warning",
      message: "etcd shares its disk with the system",
      because: `${shown}; logs and images written to the same disk delay etcd's own writes`,
      hint: { text: `mount a disk of its own at ${disk.path}` },
    },
  ];
}

function judgeRotation(disk: DiskUsage, devices: readonly BlockDevice[] | undefined): readonly Omit<Finding, "host">[] {
  const name = disk.source.replace(/^\/dev\/(mapper\/)?/, "");
  const device = devices?.find((one) => one.name === name || one.kernelName === name);
  if (device?.isRotational !== true || virtualDisk.test(device.kernelName)) return [];
  return [
    {
      severity: "warning",
      message: "etcd's disk says it is a spinning one",
      because: `${disk.source} is rotational; an SSD or NVMe disk is recommended`,
      hint: { text: "use an SSD; [etcd-fsync] says how fast this disk is" },
    },
  ];
}

function judgeRoom(disk: DiskUsage, quotaBytes: number): readonly Omit<Finding, "host">[] {
  const wanted = quotaBytes * roomInQuotas;
  if (disk.availableBytes >= wanted) return [];
  const size = (bytes: number) => `${(bytes / gib).toFixed(1)} GiB`;
  const isTooSmall = disk.availableBytes < quotaBytes && disk.sizeBytes < wanted;
  return [
    {
      severity: isTooSmall ? "error" : "warning",
      message: isTooSmall ? "etcd's disk cannot hold its database" : "etcd's disk has little room",
      because: `${size(disk.availableBytes)} of ${size(disk.sizeBytes)} are free at ${disk.mountPoint}; the quota is ${size(quotaBytes)}, and its copy while defragmenting and the log want as much again: ${size(wanted)}`,
      hint: { text: "use a larger disk, or set a smaller etcd.quotaBackendBytes" },
    },
  ];
}
