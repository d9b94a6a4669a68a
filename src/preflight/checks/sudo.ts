import { effectiveUser } from "../../facts/effective-user.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { PreflightCheck } from "../check.ts";

/** Commands run as root on every host. */
export const sudo: PreflightCheck = {
  name: "sudo",
  asks: "root rights",
  run: (context) =>
    judgeHosts(context, context.hosts, "commands run as root on every host", async (host) => {
      const user = await context.fact(host.name, effectiveUser);
      if (user === 0) return [];
      return [
        {
          severity: "error",
          message: "commands do not run as root",
          because: `they run as user ${user}; ssh.sudo is "${host.ssh.sudo}"`,
          hint: { text: 'set ssh.sudo to "passwordless" or "password", or log in as root' },
        },
      ];
    }),
};
