import { join } from "node:path";
import type { HostName } from "../hosts/port.ts";
import type { Secret } from "../hosts/secret.ts";
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

/** The hosts of a cluster over SSH. Nothing is connected before it is asked. `learn` is told each password that is typed. */
export function openHosts(cluster: OpenedCluster, learn: (password: Secret) => void = () => undefined): SshHosts {
  const { ssh } = cluster.spec;
  return openSshHosts({
    targets: sshTargets(cluster),
    knownHostsFile: knownHostsFile(cluster),
    maxConnections: ssh.maxConnections,
    keepAliveSeconds: ssh.keepAliveSeconds,
    askPassword: async (host) => {
      const user = sshTargets(cluster).get(host)?.user ?? "the user";
      const password = await askSecret(`sudo password of ${user} on the hosts`);
      learn(password);
      return password;
    },
  });
}
