import { firewall as firewallFact } from "../../facts/firewall.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { PreflightCheck } from "../check.ts";
import { wantedPorts } from "./ports-free.ts";

/** No firewall on the hosts that Slipway does not know of. */
export const firewall: PreflightCheck = {
  name: "firewall",
  asks: "firewalls on the hosts",
  run: (context) =>
    judgeHosts(context, context.hosts, "no host drops packets by default", async (host) => {
      const { services, dropsByDefault } = await context.fact(host.name, firewallFact);
      const managed = services.filter((one) => one !== "nftables");
      if (managed.length === 0 && dropsByDefault.length === 0) return [];
      const found = [...managed.map((one) => `${one} is active`), ...dropsByDefault.map((one) => `chain ${one} drops`)];
      const ports = [...new Set(wantedPorts(context.spec, host).map((one) => one.port))].sort((a, b) => a - b);
      const vrrp = host.roles.includes("load-balancer") ? ", and IP protocol 112 (VRRP)" : "";
      return [
        {
          severity: "warning",
          message: "a firewall may keep the other hosts out",
          because: `${found.join(", ")}; the roles need TCP ports ${ports.join(", ")}${vrrp}`,
          hint: managed.includes("firewalld")
            ? {
                text: "trust the network of the hosts",
                command: "firewall-cmd --permanent --zone=trusted --add-source=NETWORK && firewall-cmd --reload",
              }
            : {
                text: "accept these ports from the network of the hosts; [host-reachability] tells whether they get through",
              },
        },
      ];
    }),
};
