import { canonicalAddress } from "../domain/addresses.ts";
import type { Look } from "../engine/step.ts";
import { type CertificateFile, certificateFiles } from "../facts/certificate-files.ts";
import { diskUsage } from "../facts/disk-usage.ts";
import { type HaproxyServer, haproxyServers } from "../facts/haproxy-servers.ts";
import { interfaces } from "../facts/interfaces.ts";
import { kernel } from "../facts/kernel.ts";
import { load } from "../facts/load.ts";
import { loadedUnit } from "../facts/loaded-unit.ts";
import { memory } from "../facts/memory.ts";
import { osRelease } from "../facts/os-release.ts";
import type { ClusterSpec, HostSpec } from "../spec/cluster-spec.ts";
import type { HostStatus } from "./cluster-status.ts";
import { expectedServices, serviceStatus } from "./expected-services.ts";

/** What one host said, with what belongs to the parts of the cluster that are on it. */
export interface HostReport {
  readonly status: HostStatus;
  readonly certificates: readonly CertificateFile[];
  readonly haproxy?: readonly HaproxyServer[] | "not-answering";
}

/** Where certificates of the cluster are; the kubelet's own are renewed by itself and not here. */
const certificateFolders = ["/etc/etcd", "/etc/haproxy", "/etc/kubernetes/pki"];

/** Asks one host everything status shows of it, in one round trip. Throws what the session throws. */
export async function hostStatus(look: Pick<Look, "factOf">, spec: ClusterSpec, host: HostSpec): Promise<HostReport> {
  const services = expectedServices(spec, host);
  const paths = ["/", "/var/lib/containerd", ...(host.roles.includes("etcd") ? [spec.etcd.dataDir] : [])];
  const isBalancer = host.roles.includes("load-balancer");
  const [os, runs, busy, room, found, certificates, disks, units, haproxy] = await Promise.all([
    look.factOf(host.name, osRelease),
    look.factOf(host.name, kernel),
    look.factOf(host.name, load),
    look.factOf(host.name, memory),
    look.factOf(host.name, interfaces),
    look.factOf(host.name, certificateFiles(certificateFolders)),
    Promise.all(paths.map((path) => look.factOf(host.name, diskUsage(path)))),
    Promise.all(services.map((one) => Promise.all(one.units.map((unit) => look.factOf(host.name, loadedUnit(unit)))))),
    isBalancer ? look.factOf(host.name, haproxyServers(spec.loadBalancer.statsPort)) : undefined,
  ]);
  // As df does: of what programs can use, so without the part that is reserved.
  const rooms = disks.map(({ usedBytes, availableBytes, mountPoint }) => {
    return { usedBytes, sizeBytes: usedBytes + availableBytes, mountPoint };
  });
  const share = (one: (typeof rooms)[number]) => (one.sizeBytes === 0 ? 0 : one.usedBytes / one.sizeBytes);
  const fullest = rooms.reduce((one, other) => (share(other) > share(one) ? other : one));
  const virtualIp = spec.endpoint.kind === "virtual-ip" ? canonicalAddress(spec.endpoint.address) : undefined;
  const own = (found ?? []).flatMap((one) => one.addresses.map(({ address }) => canonicalAddress(address)));
  return {
    status: {
      host: host.name,
      roles: host.roles,
      os: os.prettyName,
      kernel: runs.release,
      uptimeSeconds: busy.uptimeSeconds,
      load: busy.averages,
      memory: { usedBytes: room.totalBytes - room.availableBytes, sizeBytes: room.totalBytes },
      disk: fullest,
      services: services.map((service, at) => serviceStatus(service, units[at] ?? [])),
      hasVirtualIp: virtualIp !== undefined && own.includes(virtualIp),
    },
    certificates,
    ...(haproxy === undefined ? {} : { haproxy }),
  };
}
