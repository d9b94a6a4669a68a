import { type Kernel, kernel } from "../../facts/kernel.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { Finding, PreflightCheck } from "../check.ts";

/** Kubernetes' and the guide's floor, and what eBPF networks (Cilium) need for all they can do. */
const floor = { major: 5, minor: 4 };
const forEbpf = { major: 5, minor: 10 };
/**
 * The kernel of RHEL 8 and its rebuilds is 4.18 by number and carries newer features: "maintainers for distributions
 * such as RHEL [...] often backport selected features to older kernel releases",
 * https://kubernetes.io/docs/reference/node/kernel-version-requirements (2026-11).
 */
const backported = /^4\.18\.\S*\.el8/;

/** A kernel new enough for Kubernetes and its network. */
export const kernelVersion: PreflightCheck = {
  name: "kernel-version",
  asks: "kernel version (5.4; 5.10 for eBPF)",
  run: (context) => {
    const hosts = context.hosts.filter((host) => host.roles.some((role) => role !== "load-balancer"));
    return judgeHosts(context, hosts, "every kernel is 5.10 or newer", async (host) =>
      judge(await context.fact(host.name, kernel)),
    );
  },
};

function judge(found: Kernel): readonly Omit<Finding, "host">[] {
  if (isAtLeast(found, forEbpf)) return [];
  if (backported.test(found.release)) {
    return [
      {
        severity: "warning",
        message: "the kernel is that of RHEL 8: Kubernetes runs, some of its features do not",
        because: `it is ${found.release}, with features of newer kernels added by the vendor; eBPF networks and kube-proxy in nftables mode want 5.10 and 5.13`,
        hint: { text: "use RHEL 9 or one of its rebuilds for new hosts; on RHEL 8 choose a network without eBPF" },
      },
    ];
  }
  if (isAtLeast(found, floor)) {
    return [
      {
        severity: "warning",
        message: "the kernel is too old for eBPF networks",
        because: `it is ${found.release}; 5.10 or newer is recommended`,
        hint: { text: "upgrade the kernel, or choose a network without eBPF" },
      },
    ];
  }
  return [
    {
      severity: "error",
      message: "the kernel is too old for Kubernetes",
      because: `it is ${found.release}; the oldest that is supported is 5.4`,
      hint: { text: "upgrade the kernel, or install a supported version of the operating system" },
    },
  ];
}

function isAtLeast(found: Kernel, wanted: { readonly major: number; readonly minor: number }): boolean {
  return found.major > wanted.major || (found.major === wanted.major && found.minor >= wanted.minor);
}
