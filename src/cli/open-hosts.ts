import { join } from "node:path";
import type { HostName } from "../hosts/port.ts";
import type { Secret } from "../hosts/secret.ts";
import { openSshHosts, type SshHosts } from "../hosts/ssh-hosts.ts";
import type { SshTarget } from "../hosts/ssh-target.ts";
import type { Problem } from "../problems/problem.ts";
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
    explain: (host, problem) => withLabHint(cluster, host, problem),
  });
}

/** A machine of a lab that is not up cannot be reached for that reason, whatever ssh says. */
async function withLabHint(cluster: OpenedCluster, host: HostName, problem: Problem): Promise<Problem> {
  // Most clusters are no labs: nothing of them is loaded before a host cannot be reached.
  const { labOff } = await import("../lab/lab-off.ts");
  const identityFile = sshTargets(cluster).get(host)?.identityFile;
  const lab = cluster.spec.name;
  const off = await labOff({
    lab,
    machine: host,
    knownHostsFile: knownHostsFile(cluster),
    ...(identityFile !== undefined && { identityFile }),
  });
  if (off === undefined) return problem;
  const because =
    off === "no-lab" ? `lab ${lab} is not up on this computer` : `this machine of lab ${lab} is switched off`;
  return {
    ...problem,
    because: problem.because === undefined ? because : `${problem.because}; ${because}`,
    hint: { text: "boot the machines of the lab, as root", command: "slipway lab up" },
  };
}
