import type { Rule } from "./rule.ts";
import { hostPath } from "./rule.ts";

/** The cluster has a control plane, and no host lists a role twice. */
export const hostRoles: Rule = ({ hosts, placedHosts }, report) => {
  for (const placed of placedHosts) {
    const { roles, name } = placed.host;
    for (const [index, role] of roles.entries()) {
      if (roles.indexOf(role) === index) continue;
      report.error("config/duplicate-role", hostPath(placed, "roles", index), {
        message: `host ${name} has the role ${role} twice`,
        because: `roles are ${roles.join(", ")}`,
        hint: { text: "remove one of them" },
      });
    }
  }
  if (hosts !== undefined && !hosts.some((host) => host.roles.includes("control-plane"))) {
    report.error("config/no-control-plane", ["spec", "hosts"], {
      message: "no host has the role control-plane",
      because: `found ${hosts.length} hosts with other roles; a cluster needs at least one control plane`,
      hint: { text: "add roles: [control-plane] to a host; three of them survive the loss of one" },
    });
  }
};
