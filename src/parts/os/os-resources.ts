import { fsyncFiles } from "../../domain/fsync-file.ts";
import type { Capabilities } from "../../facts/capabilities.ts";
import { absent } from "../../resources/absent.ts";
import { file } from "../../resources/file.ts";
import { kernelModule } from "../../resources/kernel-module.ts";
import { packages } from "../../resources/package.ts";
import type { Resource } from "../../resources/resource.ts";
import { service } from "../../resources/service.ts";
import { swapOff } from "../../resources/swap.ts";
import { sysctl } from "../../resources/sysctl.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { replacesKubeProxy } from "../../spec/hosts-by-role.ts";
import { managedHeader } from "../managed-header.ts";
import { chronyFiles, chronyService } from "./chrony.ts";
import type { Distribution } from "./distribution.ts";
import { fileLimits } from "./file-limits.ts";
import { type HostKind, kernelSettings, sysctlFile } from "./kernel-settings.ts";

const modules = ["overlay", "br_netfilter"];
const sysctlPath = "/etc/sysctl.d/99-zz-slipway.conf";
const bridgeModule = "kernel module br_netfilter";

/** Everything of the baseline on one kind of host but the source of its packages, in the order it is made. */
export function osResources(
  spec: ClusterSpec,
  kind: HostKind,
  distribution: Distribution,
  may: Capabilities,
): readonly Resource[] {
  const { timeServers, storageClients } = spec.os;
  const settings = kernelSettings(spec, kind, distribution);
  const inCluster = kind.kubernetes || kind.etcd;
  const runsEtcd = kind.etcd || (spec.etcd.topology !== "external" && kind.kubernetes);
  return [
    // Before the packages: a service that its package starts has its own configuration from the first moment.
    ...chronyFiles(timeServers, distribution, may.setsClock),
    packages(packageNames(spec, kind, distribution), distribution.packageManager),
    chronyService(timeServers, distribution, may.setsClock),
    ...(storageClients && kind.kubernetes ? [service({ unit: distribution.iscsiUnit })] : []),
    ...(inCluster ? [swapOff] : []),
    // Left by a preflight that was cut off while it measured etcd's disk with dd.
    ...(runsEtcd ? fsyncFiles(spec.etcd.walDir ?? spec.etcd.dataDir).map((path) => absent(path)) : []),
    ...(kind.kubernetes ? [modulesFile(), ...modules.map(kernelModule)] : []),
    // Named so that hardly another file is read after it at boot; one that is gets named.
    file({ path: sysctlPath, content: sysctlFile(settings) }),
    sysctl(settings, {
      file: sysctlPath,
      broughtBy: {
        "net.bridge.bridge-nf-call-iptables": bridgeModule,
        "net.bridge.bridge-nf-call-ip6tables": bridgeModule,
      },
    }),
    ...fileLimits,
  ];
}

/** What the baseline installs. */
export function packageNames(spec: ClusterSpec, kind: HostKind, { packages: names }: Distribution): readonly string[] {
  const tools = kind.kubernetes ? names.tools : names.basicTools;
  const storage = spec.os.storageClients && kind.kubernetes ? names.storageClients : [];
  const nft = kind.kubernetes && mayUseNftables(spec) ? ["nftables"] : [];
  return [...new Set([names.chrony, ...tools, ...nft, ...storage, ...spec.os.packages])].sort();
}

/**
 * Long before kube-proxy runs: a package that came after it could load its own, empty rules over the Services'. Kernels
 * decide about "auto", and are not known when a bundle is made.
 */
function mayUseNftables(spec: ClusterSpec): boolean {
  const { mode } = spec.kubernetes.proxy;
  return !replacesKubeProxy(spec) && (mode === "auto" || mode === "nftables");
}

function modulesFile(): Resource {
  return file({
    path: "/etc/modules-load.d/slipway.conf",
    content: `${managedHeader("kernel modules of the container runtime and its network")}${modules.join("\n")}\n`,
  });
}
