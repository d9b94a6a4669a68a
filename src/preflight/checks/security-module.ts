import { selinuxMode } from "../../facts/selinux-mode.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { PreflightCheck } from "../check.ts";

/** SELinux, where it is enforcing, has the policies and labels that etcd, HAProxy and containers need. */
export const securityModule: PreflightCheck = {
  name: "security-module",
  asks: "SELinux",
  run: (context) =>
    judgeHosts(context, context.hosts, "SELinux is not enforcing anywhere", async (host) => {
      if ((await context.fact(host.name, selinuxMode)) !== "enforcing") return [];
      const isBalancer = host.roles.includes("load-balancer");
      return [
        {
          severity: "warning",
          message: "SELinux is enforcing, and may deny what the distribution's policy does not foresee",
          because: isBalancer
            ? "/sys/fs/selinux/enforce is 1; HAProxy may only use ports its policy names"
            : "/sys/fs/selinux/enforce is 1; containers and etcd need container-selinux and labels on their folders",
          hint: isBalancer
            ? { text: "let HAProxy use any port", command: "setsebool -P haproxy_connect_any 1" }
            : {
                text: "install the policy, and look for denials after apply",
                command: "dnf install container-selinux",
              },
        },
      ];
    }),
};
