import type { Lab } from "../../src/lab/lab.ts";

/** Machines by name and role: what a cluster file needs to be about a lab. */
export type Machines = Readonly<Record<string, readonly string[]>>;

/** The example's seven. */
export const sevenMachines: Machines = {
  "lb-1": ["load-balancer"],
  "lb-2": ["load-balancer"],
  "cp-1": ["control-plane", "etcd"],
  "cp-2": ["control-plane", "etcd"],
  "cp-3": ["control-plane", "etcd"],
  "w-1": ["worker"],
  "w-2": ["worker"],
};

/** What a cluster file says of a lab, which need not be up yet. */
export type NamedLab = Pick<Lab, "name" | "address" | "gateway" | "identityFile">;

/** The cluster file for a lab of those machines. Without a virtual IP, the API is behind a balancer of somebody else. */
export function clusterFile(lab: NamedLab, machines: Machines, virtualIp: string | undefined): string {
  const hosts = Object.entries(machines).map(
    ([name, roles]) => `    - { name: ${name}, address: ${lab.address(name)}, roles: [${roles.join(", ")}] }\n`,
  );
  const endpoint =
    virtualIp === undefined
      ? `    external: { address: ${lab.gateway} }\n`
      : `    virtualIP: { address: ${virtualIp}, prefix: 24 }\n`;
  return `apiVersion: slipway.dev/v1alpha1
kind: Cluster
metadata:
  name: ${lab.name}
spec:
  kubernetes:
    version: 1.36.2
  ssh:
    user: root
    identityFile: ${lab.identityFile}
  hosts:
${hosts.join("")}  endpoint:
${endpoint}  etcd:
    topology: external
  preflight:
    downgrade:
      - { check: host-cpu, reason: all machines share one computer }
      - { check: host-memory, reason: all machines share one computer }
      - { check: etcd-fsync, reason: all machines share one computer }
`;
}
