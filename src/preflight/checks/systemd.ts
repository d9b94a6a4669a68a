import { systemState } from "../../facts/system-state.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { PreflightCheck } from "../check.ts";

/** systemd runs every host and has finished starting it. */
export const systemd: PreflightCheck = {
  name: "systemd",
  asks: "systemd as the init system",
  run: (context) =>
    judgeHosts(context, context.hosts, "systemd runs every host", async (host) => {
      const state = await context.fact(host.name, systemState);
      switch (state) {
        case "running":
          return [];
        case "missing":
        case "offline":
          return [
            {
              severity: "error",
              message: "systemd does not run the host",
              because: state === "missing" ? "systemctl is not installed" : "another program is process 1",
              hint: { text: "Slipway manages services with systemd: use a host that was booted with it" },
            },
          ];
        case "degraded":
          return [
            {
              severity: "warning",
              message: "some services of the host have failed",
              because: "systemd's state is degraded",
              hint: { text: "see which, and mend or reset them", command: "systemctl --failed" },
            },
          ];
        default:
          return [
            {
              severity: "warning",
              message: "the host has not finished starting, or is being stopped",
              because: `systemd's state is ${state}`,
              hint: { text: "see what it waits for", command: "systemctl list-jobs" },
            },
          ];
      }
    }),
};
