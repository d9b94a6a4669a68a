import { kubernetesMinor } from "../../domain/kubernetes-minor.ts";
import { cgroupVersion } from "../../facts/cgroup-version.ts";
import { isNode } from "../../spec/hosts-by-role.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { PreflightCheck } from "../check.ts";

/**
 * From this minor version of Kubernetes 1 on, the kubelet does not start on cgroup v1 unless `failCgroupV1: false` is
 * set, and kubeadm's SystemVerification is an error there (KEP-5573, kubernetes/kubernetes#134298; 2026-11).
 */
const refusedFromMinor = 35;

/** Control groups version 2. */
export const cgroups: PreflightCheck = {
  name: "cgroups",
  asks: "control groups v2",
  run: (context) => {
    const hosts = context.hosts.filter(isNode);
    const { version } = context.spec.kubernetes;
    const minor = kubernetesMinor(version);
    return judgeHosts(context, hosts, "every host has cgroup v2", async (host) => {
      if ((await context.fact(host.name, cgroupVersion)) === 2) return [];
      const consequence =
        minor >= refusedFromMinor
          ? `Kubernetes ${version} starts there only with failCgroupV1 off, which Slipway then sets`
          : `Kubernetes ${version} still runs there, 1.${refusedFromMinor} and later refuse to by default`;
      return [
        {
          severity: "warning",
          message: "the host has cgroup v1, which Kubernetes no longer supports",
          because: `/sys/fs/cgroup is not cgroup2fs; ${consequence}`,
          hint: {
            text: "boot with the unified hierarchy: add systemd.unified_cgroup_hierarchy=1 to the kernel's command line",
          },
        },
      ];
    });
  },
};
