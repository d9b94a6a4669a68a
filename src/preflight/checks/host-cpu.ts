import { processors } from "../../facts/processors.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { PreflightCheck } from "../check.ts";
import { judgeHardware } from "../judge-hardware.ts";

/** Enough processor cores for the roles of each host. */
export const hostCpu: PreflightCheck = {
  name: "host-cpu",
  asks: "CPU cores per role",
  run: (context) =>
    judgeHosts(context, context.hosts, "every host has the cores its roles are recommended", async (host) =>
      judgeHardware(host, await context.fact(host.name, processors), {
        part: "cores",
        noun: "CPU cores",
        less: "fewer",
        unit: "cores",
      }),
    ),
};
