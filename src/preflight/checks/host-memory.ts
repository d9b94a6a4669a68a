import { memory } from "../../facts/memory.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { PreflightCheck } from "../check.ts";
import { judgeHardware } from "../judge-hardware.ts";

const gib = 1024 ** 3;

/** Enough memory for the roles of each host. */
export const hostMemory: PreflightCheck = {
  name: "host-memory",
  asks: "memory per role",
  run: (context) =>
    judgeHosts(context, context.hosts, "every host has the memory its roles are recommended", async (host) => {
      const { totalBytes } = await context.fact(host.name, memory);
      return judgeHardware(host, totalBytes / gib, { part: "memoryGib", noun: "memory", less: "less", unit: "GiB" });
    }),
};
