import { capabilities } from "../../facts/capabilities.ts";
import { clockSynchronized } from "../../facts/clock-synchronized.ts";
import { type LoadedUnit, loadedUnit } from "../../facts/loaded-unit.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { Finding, PreflightCheck } from "../check.ts";

const chrony = ["chrony.service", "chronyd.service"] as const;
/** Two programs that both set the clock pull it to and fro. systemd-timesyncd gives way to chrony by itself. */
const rivals = ["ntp.service", "ntpd.service", "ntpsec.service", "openntpd.service"] as const;

/** Something keeps the clock right, and only one thing does. */
export const timeSync: PreflightCheck = {
  name: "time-sync",
  asks: "time synchronization",
  run: (context) =>
    judgeHosts(context, context.hosts, "the clocks are kept by chrony, or will be", async (host) => {
      const names = [...chrony, ...rivals];
      const [units, { setsClock }] = await Promise.all([
        Promise.all(names.map((unit) => context.fact(host.name, loadedUnit(unit)))),
        context.fact(host.name, capabilities),
      ]);
      const active = names.filter((_, at) => isRunning(units[at]));
      const isActive = (unit: string) => active.some((one) => one === unit);
      const findings: Omit<Finding, "host">[] = rivals.filter(isActive).map((unit) => ({
        severity: "warning",
        message: `${unit} sets the clock, and so will chrony`,
        because: "Slipway keeps clocks with chrony; two programs that set one clock work against each other",
        hint: { text: "remove it", command: `systemctl disable --now ${unit}` },
      }));
      // Asked only where it matters: the question starts a D-Bus service, which takes most of a second.
      // A container's clock is that of the machine it is on, which keeps it.
      if (setsClock && chrony.some(isActive) && (await context.fact(host.name, clockSynchronized)) === false) {
        findings.push({
          severity: "warning",
          message: "chrony runs, but the clock is not synchronized",
          because: "the kernel counts the clock as unsynchronized (NTPSynchronized=no)",
          hint: { text: "see which time servers answer", command: "chronyc -n sources" },
        });
      }
      return findings;
    }),
};

function isRunning(unit: LoadedUnit | "no-systemd" | undefined): boolean {
  return unit !== undefined && unit !== "no-systemd" && unit.active === "active";
}
