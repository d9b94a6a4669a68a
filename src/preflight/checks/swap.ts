import { memory } from "../../facts/memory.ts";
import { swapAreas } from "../../facts/swap-areas.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { PreflightCheck } from "../check.ts";

const mib = 1024 ** 2;

/** Swap is off on hosts that run a kubelet or etcd, or can be turned off. */
export const swap: PreflightCheck = {
  name: "swap",
  asks: "swap",
  run: (context) => {
    const hosts = context.hosts.filter((host) => host.roles.some((role) => role !== "load-balancer"));
    return judgeHosts(context, hosts, "swap is off", async (host) => {
      const [areas, { availableBytes }] = await Promise.all([
        context.fact(host.name, swapAreas),
        context.fact(host.name, memory),
      ]);
      if (areas.length === 0) return [];
      const usedBytes = areas.reduce((sum, area) => sum + area.usedBytes, 0);
      const devices = areas.map((area) => area.device).join(", ");
      if (usedBytes > availableBytes) {
        return [
          {
            severity: "error",
            message: "swap cannot be turned off, because its contents do not fit into memory",
            because: `${Math.ceil(usedBytes / mib)} MiB are on ${devices}, ${Math.floor(availableBytes / mib)} MiB of memory are free`,
            hint: { text: "stop what uses the memory", command: "ps -eo rss,comm --sort=-rss | head" },
          },
        ];
      }
      return [
        {
          severity: "warning",
          message: "swap is on and will be turned off",
          because: `${devices} ${areas.length === 1 ? "is" : "are"} active; the kubelet wants no swap, and etcd on swap misses its heartbeats`,
          hint: { text: "apply turns it off and keeps it off" },
        },
      ];
    });
  },
};
