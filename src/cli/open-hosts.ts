import { join } from "node:path";
import type { HostName } from "../hosts/port.ts";
import { openSshHosts, type SshHosts } from "../hosts/ssh-hosts.ts";
import type { SshTarget } from "../hosts/ssh-target.ts";
import { askSecret } from "./ask.ts";
import type { OpenedCluster } from "./open-cluster.ts";

/** Slipway's own known_hosts file of a cluster. */
export function knownHostsFile(cluster: OpenedCluster): string {
  return join(cluster.state.root, "known_hosts");
}

/** Where each host is reached. */
export function sshTargets(cluster: OpenedCluster): ReadonlyMap<HostName, SshTarget> {
  return new Map(cluster.spec.hosts.map((host) => [host.name, host.ssh]));
}

/** The hosts of a cluster over SSH. Nothing is connected before it is asked. */
export function openHosts(cluster: OpenedCluster): SshHosts {
  const { ssh } = cluster.spec;
  return openSshHosts({
    targets: sshTargets(cluster),
    knownHostsFile: knownHostsFile(cluster),
    maxConnections: ssh.maxConnections,
    keepAliveSeconds: ssh.keepAliveSeconds,
    askPassword: (host) =>
      askSecret(`sudo password of ${sshTargets(cluster).get(host)?.user ?? "the user"} on the hosts`),
  });
}
