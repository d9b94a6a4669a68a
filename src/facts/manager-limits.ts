import type { Fact } from "./fact.ts";
import { loadedUnit } from "./loaded-unit.ts";
import { notUnderstood } from "./not-understood.ts";

/** How many files a service may have open unless its unit says otherwise; "infinity" or a number. */
export interface ManagerLimits {
  readonly softOpenFiles: string;
  readonly hardOpenFiles: string;
}

/**
 * A unit that every systemd has and nobody sets limits for: it has the manager's. Asked like any other unit it costs no
 * process of its own, and `systemctl` is the dearest program a check runs.
 */
const unit = "-.mount";
const state = loadedUnit(unit);

/** Limits the running systemd gives to services; undefined on a host without it. */
export const managerLimits: Fact<ManagerLimits | undefined> = {
  name: "manager-limits",
  reads: state.reads,
  parse(answers) {
    const found = state.parse(answers);
    if (found === "no-systemd") return undefined;
    if (found.openFiles === undefined) {
      throw notUnderstood("manager-limits", `systemctl show -- ${unit}`, answers[0], "it does not have both limits");
    }
    return { softOpenFiles: found.openFiles.soft, hardOpenFiles: found.openFiles.hard };
  },
};
