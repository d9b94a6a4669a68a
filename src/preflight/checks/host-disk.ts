import { diskUsage } from "../../facts/disk-usage.ts";
import { isNode } from "../../spec/hosts-by-role.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { Finding, PreflightCheck } from "../check.ts";
import { judgeHardware } from "../judge-hardware.ts";

/** Where a host keeps what grows: system and logs, images and containers, volumes, the etcd database. */
const paths = ["/", "/var/log", "/var/lib/containerd", "/var/lib/kubelet"] as const;

/**
 * Below this share of free space the kubelet starts to remove images and evict pods: imagefs.available of
 * https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/ (2026-11).
 */
const evictionShare = 0.15;

/** Enough disk for the roles of each host: the file systems it works on, added up, and room left on them. */
export const hostDisk: PreflightCheck = {
  name: "host-disk",
  asks: "disk space per role",
  run: (context) =>
    judgeHosts(context, context.hosts, "every host has the disk its roles are recommended", async (host) => {
      const asked = [...paths, context.spec.etcd.dataDir];
      const disks = await Promise.all(asked.map((path) => context.fact(host.name, diskUsage(path))));
      const distinct = [...new Map(disks.map((disk) => [`${disk.source} ${disk.sizeBytes}`, disk])).values()];
      const sizeGb = distinct.reduce((sum, disk) => sum + disk.sizeBytes, 0) / 1e9;
      const findings: Omit<Finding, "host">[] = [
        ...judgeHardware(host, sizeGb, { part: "diskGb", noun: "disk", less: "less", unit: "GB" }),
      ];
      const images = disks.find((disk) => disk.path === "/var/lib/containerd");
      const runsPods = isNode(host);
      if (runsPods && images !== undefined && images.availableBytes < images.sizeBytes * evictionShare) {
        const percent = Math.floor((images.availableBytes / images.sizeBytes) * 100);
        findings.push({
          severity: "warning",
          message: "so little disk is free that the kubelet would evict pods",
          because: `${percent} % of ${images.mountPoint} is free; the kubelet wants ${evictionShare * 100} % for images`,
          hint: { text: "free some space", command: `du -xh --max-depth=2 ${images.mountPoint} | sort -h | tail` },
        });
      }
      return findings;
    }),
};
