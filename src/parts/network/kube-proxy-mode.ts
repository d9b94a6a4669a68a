import { kubeList } from "../../cluster/kube/kube-list.ts";
import type { Look } from "../../engine/step.ts";
import { conntrackMaximum } from "../../facts/conntrack-maximum.ts";
import { kernel } from "../../facts/kernel.ts";
import { together } from "../../facts/together.ts";
import type { HostName } from "../../hosts/port.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { nodeHosts, replacesKubeProxy } from "../../spec/hosts-by-role.ts";

export type KubeProxyMode = "nftables" | "iptables" | "ipvs" | "none";

/** How kube-proxy is to be set up, for all nodes alike. */
export interface KubeProxySetup {
  readonly mode: KubeProxyMode;
  /** False where the size of the table of connections is not the node's own to set, as in a container. */
  readonly setsConntrackMaximum: boolean;
}

/** https://kubernetes.io/docs/reference/networking/virtual-ips/#proxy-mode-nftables (2026-11-21) */
const nftablesKernel = { major: 5, minor: 13 };

/**
 * The mode that suits every node. Kernels are read from the Node objects where there are any: those are there when a
 * node is down, and the mode must not change because a host cannot be reached.
 */
export async function kubeProxySetup(look: Look, spec: ClusterSpec): Promise<KubeProxySetup> {
  const { mode } = spec.kubernetes.proxy;
  if (mode === "none" || replacesKubeProxy(spec)) return { mode: "none", setsConntrackMaximum: true };
  const hosts = nodeHosts(spec);
  const [nodes, facts] = await Promise.all([
    mode === "auto" ? kubeList(look, spec, "/api/v1/nodes") : undefined,
    Promise.all(hosts.map((host) => factsOf(look, host.name))),
  ]);
  const setsConntrackMaximum = !facts.some((one) => one?.conntrack === "read-only");
  if (mode !== "auto") return { mode, setsConntrackMaximum };
  const ofNodes = nodes?.state === "answers" ? nodes.items : [];
  const kernels = hosts.flatMap((host, index) => {
    const node = ofNodes.find((one) => one.metadata.name === host.name);
    return (node === undefined ? facts[index]?.kernel.release : kernelOf(node)) ?? [];
  });
  return { mode: kernels.every(isRecent) ? "nftables" : "iptables", setsConntrackMaximum };
}

const asked = together({ kernel, conntrack: conntrackMaximum });

/** Undefined where the host cannot be reached. */
async function factsOf(look: Look, host: HostName) {
  try {
    return await look.factOf(host, asked);
  } catch (cause) {
    if (cause instanceof ProblemError && cause.problem.code.startsWith("ssh/")) return undefined;
    throw cause;
  }
}

function kernelOf(node: { readonly [field: string]: unknown }): string {
  const status = node.status as { readonly nodeInfo?: { readonly kernelVersion?: string } } | undefined;
  return status?.nodeInfo?.kernelVersion ?? "";
}

/** "6.1.0-28-amd64". A version nobody understands is taken for an old one. */
function isRecent(version: string): boolean {
  const [, major = "0", minor = "0"] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) !== nftablesKernel.major) return Number(major) > nftablesKernel.major;
  return Number(minor) >= nftablesKernel.minor;
}
