import type { Fact } from "./fact.ts";
import { commandOf, isCommandMissing, notUnderstood } from "./not-understood.ts";
import { systemdAway } from "./systemd-away.ts";

const states = [
  "initializing",
  "starting",
  "running",
  "degraded",
  "maintenance",
  "stopping",
  "offline",
  "unknown",
] as const;

/** What systemd says of itself; "missing" where it is not installed, "offline" where it is not the init system. */
export type SystemState = (typeof states)[number] | "missing";

const asked = "systemctl is-system-running";

/** Whether systemd runs a host, and how well. */
export const systemState: Fact<SystemState> = {
  name: "system-state",
  reads: [{ kind: "run", argv: ["systemctl", "is-system-running"], passing: systemdAway }],
  parse: ([answer]) => {
    if (isCommandMissing(answer)) return "missing";
    // Its exit code is not 0 for everything but "running": the word is the answer.
    const word = commandOf("system-state", asked, answer).stdout.toString("utf8").trim();
    const state = states.find((one) => one === word);
    if (state === undefined) throw notUnderstood("system-state", asked, answer, `"${word}" is no state of systemd`);
    return state;
  },
};
