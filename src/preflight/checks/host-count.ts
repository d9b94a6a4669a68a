import type { Role } from "../../spec/cluster-spec.ts";
import type { Finding, PreflightCheck } from "../check.ts";
import { recommendedHosts, roleInProse } from "../hardware.ts";

const consequences: Readonly<Record<Role, string>> = {
  "control-plane": "with one, the cluster takes no changes while it is down; with two, etcd on them has no more quorum",
  worker: "the others have to take over its pods when one is out of service",
  "load-balancer": "nobody reaches the cluster while the only one is down",
  etcd: "etcd stops when fewer than a majority of its members answer: three tolerate the loss of one",
};

/** Enough hosts of each role for the cluster to survive the loss of one. About the cluster file, not about hosts. */
export const hostCount: PreflightCheck = {
  name: "host-count",
  asks: "hosts per role, for high availability",
  run: ({ spec }) => {
    const count = (role: Role) => spec.hosts.filter((host) => host.roles.includes(role)).length;
    const findings = (Object.keys(recommendedHosts) as Role[]).flatMap((role): readonly Finding[] => {
      const found = count(role);
      if (found === 0 || found >= recommendedHosts[role]) return [];
      return [
        {
          severity: "warning",
          message: `the cluster has too few ${roleInProse[role]}s to be highly available`,
          because: `found ${found}, recommended are ${recommendedHosts[role]}; ${consequences[role]}`,
          hint: { text: `add hosts with the role ${role} to the cluster file` },
        },
      ];
    });
    return Promise.resolve({ state: "judged", findings, because: "every role has the hosts it is recommended" });
  },
};
