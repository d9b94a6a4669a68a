import type { HostSize } from "../../domain/reserved-resources.ts";
import { cgroupVersion } from "../../facts/cgroup-version.ts";
import { diskUsage } from "../../facts/disk-usage.ts";
import type { Fact } from "../../facts/fact.ts";
import { loadedUnit } from "../../facts/loaded-unit.ts";
import { memory } from "../../facts/memory.ts";
import { processors } from "../../facts/processors.ts";
import { together } from "../../facts/together.ts";

/** What kubelet's configuration depends on beside the cluster file. */
export interface KubeletHostFacts {
  readonly size: HostSize;
  readonly cgroupVersion: 1 | 2;
  /** systemd-resolved answers the host's own names. */
  readonly systemdResolved: boolean;
}

const asked = together({
  cgroups: cgroupVersion,
  disk: diskUsage("/var/lib/kubelet"),
  memory,
  processors,
  resolved: loadedUnit("systemd-resolved.service"),
});

/** One round trip, however much is asked. */
export const kubeletHostFacts: Fact<KubeletHostFacts> = {
  name: "kubelet-host",
  reads: asked.reads,
  parse(answers) {
    const { cgroups, disk, memory: ram, processors: cores, resolved } = asked.parse(answers);
    return {
      cgroupVersion: cgroups,
      size: { processors: cores, memoryBytes: ram.totalBytes, kubeletDiskBytes: disk.sizeBytes },
      systemdResolved: resolved !== "no-systemd" && resolved.active === "active",
    };
  },
};
